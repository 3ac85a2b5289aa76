// phoenix.js as its users write it, on ws: the same cases, the same lines of JSON.

import { createRequire } from "node:module"
import { createInterface } from "node:readline"

// The packages are those that the integration tests install.
const require = createRequire(new URL("../../tests/integration/phoenix_js/", import.meta.url))
const { Presence, Socket } = require("phoenix")
const WebSocket = require("ws")

const topicsOf = (count) => Array.from({ length: count }, (_, number) => `bench:${number}`)
const HEARTBEAT_OFF = 1e9

class Client {
  constructor(url) {
    const options = { transport: WebSocket, heartbeatIntervalMs: HEARTBEAT_OFF }
    this.socket = new Socket(url, options)
    this.channels = new Map()
  }

  open() {
    return new Promise((resolve) => {
      this.socket.onOpen(resolve)
      this.socket.connect()
    })
  }

  close() {
    return new Promise((resolve) => this.socket.disconnect(resolve))
  }

  channel(topic) {
    if (!this.channels.has(topic)) this.channels.set(topic, this.socket.channel(topic))
    return this.channels.get(topic)
  }

  join(topics) {
    const joined = (topic) =>
      new Promise((resolve) => this.channel(topic).join().receive("ok", resolve))
    return Promise.all(topics.map(joined))
  }

  push(topic, count, inFlight) {
    const channel = this.channel(topic)
    return new Promise((resolve) => {
      let left = count
      let started = 0
      const next = () => channel.push("echo", { n: started++ }).receive("ok", answered)
      const answered = () => {
        left -= 1
        if (started < count) next()
        else if (left === 0) resolve()
      }
      while (started < inFlight) next()
    })
  }
}

class Countdown {
  start(count) {
    this.left = count
    return new Promise((resolve) => (this.finish = resolve))
  }

  handle = () => {
    this.left -= 1
    if (this.left === 0) this.finish()
  }
}

const kinds = {
  async receive(client, { handling, topics, events, listeners, count }) {
    if (handling !== "plain" && handling !== "binary") return undefined
    const names = topicsOf(topics)
    const countdown = new Countdown()
    await client.open()
    await client.join(names)
    for (const name of names) {
      for (let number = 0; number < events; number++) {
        for (let copy = 0; copy < listeners; copy++) {
          client.channel(name).on(`tick${number}`, countdown.handle)
        }
      }
    }
    const kind = handling === "binary" ? "binary" : "json"
    return async () => {
      const finished = countdown.start(count * listeners)
      client.channel(names[0]).push("go", { count, topics, events, kind })
      await finished
    }
  },

  async push(client, { count, in_flight }) {
    await client.open()
    await client.join(["bench:0"])
    return () => client.push("bench:0", count, in_flight)
  },

  async presence(client, { count }) {
    const countdown = new Countdown()
    await client.open()
    new Presence(client.channel("bench:0")).onSync(countdown.handle)
    await client.join(["bench:0"])
    return async () => {
      const finished = countdown.start(count + 1)
      client.channel("bench:0").push("go", { count, kind: "presence", users: 10000 })
      await finished
    }
  },

  async join(client, { count }) {
    await client.open()
    return () => client.join(topicsOf(count))
  },

  async first(client, { handling }) {
    const one = { handling, topics: 1, events: 1, listeners: 1, count: 1 }
    return async () => (await kinds.receive(client, one))()
  },
}
const repeatable = new Set(["push", "receive"])

async function measure({ case: what, url, repeats }) {
  const client = new Client(url)
  const run = await kinds[what.kind](client, what)
  if (run === undefined) return { error: "unsupported" }
  const first = repeatable.has(what.kind) ? 1 : 0
  const wall = []
  const processor = []
  for (let number = 0; number < (first ? first + repeats : 1); number++) {
    const began = process.hrtime.bigint()
    const computed = process.cpuUsage()
    await run()
    const { user, system } = process.cpuUsage(computed)
    processor.push((user + system) / 1e6)
    wall.push(Number(process.hrtime.bigint() - began) / 1e9)
  }
  await client.close()
  return { wall: Math.min(...wall.slice(first)), processor: Math.min(...processor.slice(first)) }
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    answer = await measure(JSON.parse(line))
  } catch (error) {
    answer = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(answer) + "\n")
}
