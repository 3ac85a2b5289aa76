// A page that is read from a disk may start no worker, and its search is one.
// There a worker is a frame in the page, whose script gets and sends messages.
// The name of this file keeps the theme from fetching another one from elsewhere.

class FrameWorker extends EventTarget {
  constructor(address) {
    super()
    const frame = document.createElement("iframe")
    frame.hidden = true
    document.body.append(frame)
    const inside = frame.contentDocument
    inside.open() // or else Firefox puts another document there, later
    inside.write("<!doctype html><body>")
    inside.close()
    this.scope = frame.contentWindow
    this.scope.postMessage = (data) => this.deliver(this, data)
    const script = inside.createElement("script")
    script.src = address
    this.loading = new Promise((resolve) => script.addEventListener("load", resolve))
    inside.body.append(script)
  }

  postMessage(data) {
    this.loading.then(() => this.deliver(this.scope, data))
  }

  deliver(target, data) {
    target.dispatchEvent(new MessageEvent("message", { data }))
  }
}

if (location.protocol === "file:") window.Worker = FrameWorker
