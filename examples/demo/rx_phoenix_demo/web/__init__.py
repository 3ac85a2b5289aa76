"""The demo as a page in browsers, made with Bokeh.

`server` serves it, `session` is one browser's visit, `page` its content: `charts` and
`fragments`, in `style`. All browsers share one `dashboard`, and so one join per topic.
"""
