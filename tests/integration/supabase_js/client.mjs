// Supabase's official client, driven in lines of JSON.
//
// In:  {"id": 1, "do": "subscribe", "channel": "room", …}
// Out: {"id": 1, "result": …} or {"id": 1, "error": "…"}, and between them what its
//      callbacks heard: {"heard": ["room", "status", "SUBSCRIBED"]}
//
// Binary payloads are {"bytes": "00ff"}. One process is one client.

import { createInterface } from "node:readline"
import { RealtimeClient } from "@supabase/realtime-js"
import WebSocket from "ws"

const channels = new Map()
let client

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n")
const heard = (...note) => say({ heard: note.map(toJSON) })

function toJSON(value) {
  if (value instanceof ArrayBuffer) return { bytes: Buffer.from(value).toString("hex") }
  if (value?.payload instanceof ArrayBuffer) return { ...value, payload: toJSON(value.payload) }
  return value ?? null
}

function fromJSON(value) {
  if (typeof value?.bytes !== "string") return value
  return Uint8Array.from(Buffer.from(value.bytes, "hex")).buffer
}

const verbs = {
  client({ url, key, vsn, token }) {
    client = new RealtimeClient(url, {
      params: { apikey: key },
      transport: WebSocket,
      reconnectAfterMs: () => 50,
      timeout: 5000,
      vsn,
    })
    return token && client.setAuth(token)
  },
  channel: ({ name, config }) => void channels.set(name, client.channel(name, { config: config ?? {} })),
  broadcasts: ({ channel, event }) =>
    void channels.get(channel).on("broadcast", { event }, (it) => heard(channel, "broadcast", it)),
  changes: ({ channel, name, filter }) =>
    void channels.get(channel).on("postgres_changes", filter, (it) => heard(channel, name, it)),
  presence({ channel }) {
    const it = channels.get(channel)
    it.on("presence", { event: "sync" }, () => heard(channel, "sync", Object.keys(it.presenceState()).sort()))
  },
  system: ({ channel }) => void channels.get(channel).on("system", {}, (it) => heard(channel, "system", it)),
  subscribe: ({ channel }) =>
    void channels.get(channel).subscribe((status, error) => heard(channel, "status", status, error?.message)),
  send: ({ channel, event, payload }) =>
    channels.get(channel).send({ type: "broadcast", event, payload: fromJSON(payload) }),
  track: ({ channel, meta }) => channels.get(channel).track(meta),
  untrack: ({ channel }) => channels.get(channel).untrack(),
  token: ({ token }) => client.setAuth(token),
  unsubscribe: ({ channel }) => channels.get(channel).unsubscribe(),
  disconnect: () => client.disconnect(),
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: verb, ...given } = JSON.parse(line)
  try {
    say({ id, result: (await verbs[verb](given)) ?? null })
  } catch (error) {
    say({ id, error: String(error.message ?? error) })
  }
}
process.exit()
