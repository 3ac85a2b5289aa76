// The official client, driven in lines of JSON.
//
// In:  {"id": 1, "do": "join", "channel": "room", "name": "join", …}
// Out: {"id": 1, "result": …} or {"id": 1, "error": "…"}, and between them what its
//      callbacks heard: {"heard": ["join", "ok", {…}]}
//
// Durations are seconds, and binary payloads {"bytes": "00ff"}. One process is one socket.

import { createInterface } from "node:readline"
import { LongPoll, Presence, Socket } from "phoenix"
import WebSocket from "ws"

const STATUSES = ["ok", "error", "timeout"]
const TRANSPORTS = { websocket: WebSocket, longpoll: LongPoll }

const channels = new Map()
const params = new Map()
let socket

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n")
const heard = (...note) => say({ heard: note.map(toJSON) })
const milliseconds = (seconds) => (seconds === undefined ? undefined : seconds * 1000)
const table = (delays) => delays && ((tries) => 1000 * (delays[tries - 1] ?? delays.at(-1)))

function toJSON(value) {
  if (value instanceof ArrayBuffer) return { bytes: Buffer.from(value).toString("hex") }
  if (value?.response instanceof ArrayBuffer) return { ...value, response: toJSON(value.response) }
  return value ?? null
}

function fromJSON(value) {
  if (typeof value?.bytes !== "string") return value
  return Uint8Array.from(Buffer.from(value.bytes, "hex")).buffer
}

function follow(push, name, statuses = STATUSES) {
  for (const status of statuses) {
    push.receive(status, (response) => heard(name, status, response))
  }
}

const verbs = {
  socket(options) {
    socket = new Socket(options.url, {
      transport: TRANSPORTS[options.transport ?? "websocket"],
      params: () => params.get("socket") ?? {},
      authToken: options.auth_token,
      timeout: milliseconds(options.timeout),
      heartbeatIntervalMs: milliseconds(options.heartbeat),
      reconnectAfterMs: table(options.reconnect),
      rejoinAfterMs: table(options.rejoin),
    })
    params.set("socket", options.params)
    socket.onOpen(() => heard("socket", "open"))
    socket.onClose(() => heard("socket", "close"))
  },
  connect: () => socket.connect(),
  disconnect: ({ code, reason }) => socket.disconnect(undefined, code, reason),
  params: ({ of, params: changed }) => void params.set(of, changed),
  channel({ name, topic, params: given }) {
    params.set(name, given)
    const channel = socket.channel(topic, () => params.get(name) ?? {})
    channels.set(name, channel)
    channel.onClose((payload) => heard(name, "close", payload))
    channel.onError((reason) => heard(name, "error", reason))
  },
  join({ channel, name, timeout, statuses }) {
    follow(channels.get(channel).join(milliseconds(timeout)), name, statuses)
  },
  leave({ channel, name, timeout }) {
    follow(channels.get(channel).leave(milliseconds(timeout)), name)
  },
  push({ channel, event, payload, name, timeout, statuses }) {
    const push = channels.get(channel).push(event, fromJSON(payload), milliseconds(timeout))
    follow(push, name, statuses)
  },
  on: ({ channel, event }) => channels.get(channel).on(event, (payload) => heard(channel, event, payload)),
  off: ({ channel, event, ref }) => channels.get(channel).off(event, ref),
  state: ({ channel }) => (channel ? channels.get(channel).state : socket.connectionState()),
  presence({ channel }) {
    const presence = new Presence(channels.get(channel))
    const keys = () => presence.list((key) => key).sort()
    presence.onSync(() => heard(channel, "sync", keys()))
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: verb, ...given } = JSON.parse(line)
  try {
    say({ id, result: verbs[verb](given) ?? null })
  } catch (error) {
    say({ id, error: String(error.message ?? error) })
  }
}
process.exit()
