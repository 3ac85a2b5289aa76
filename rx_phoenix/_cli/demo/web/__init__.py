"""The dashboard: the demo as a page in a browser, made with Bokeh.

`site` serves it, `visit` is one browser's stay, `page` is what that sees: `charts` and
`pieces`, in `style`. All of it shares one `board`, and with it one join a topic.
"""
