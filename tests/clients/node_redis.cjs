// node-redis: PORT [RESP]
const assert = require("assert");
const { createClient } = require("redis");

async function main(port, version) {
  const options = { url: `redis://127.0.0.1:${port}` };
  const client = createClient(version ? { ...options, RESP: version } : options);
  await client.connect();
  assert.strictEqual(await client.ping(), "PONG");
  assert.strictEqual(await client.set("greeting", "hello"), "OK");
  assert.strictEqual(await client.get("greeting"), "hello");
  assert.strictEqual(await client.get("nothing"), null);
  assert.strictEqual(await client.hSet("user", { name: "ann" }), 1);
  assert.deepEqual({ ...(await client.hGetAll("user")) }, { name: "ann" });
  const pairs = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`key:${i}`, `${i}`]));
  assert.strictEqual(await client.mSet(pairs), "OK");
  assert.deepStrictEqual(await client.mGet(["key:1", "none", "key:2"]), ["1", null, "2"]);
  const answers = await client.multi().set("a", "1").incr("a").get("a").execAsPipeline();
  assert.deepStrictEqual(answers, ["OK", 2, "2"]);
  const given = { keys: ["a"], arguments: ["x"] };
  assert.deepStrictEqual(await client.eval("return {KEYS[1], ARGV[1]}", given), ["a", "x"]);
  await assert.rejects(client.hGet("greeting", "x"), /wrong kind of value/);
  await assert.rejects(client.sendCommand(["nosuch"]), /unknown command/);
  await assert.rejects(client.multi().get("a").exec(), /transaction/);
  const found = new Set();
  for await (const keys of client.scanIterator({ MATCH: "key:*", COUNT: 5 })) {
    keys.forEach((key) => found.add(key));
  }
  assert.strictEqual(found.size, 50);
  assert.strictEqual(await client.get("greeting"), "hello");
  await client.close();
}

main(Number(process.argv[2]), Number(process.argv[3])).catch((error) => {
  console.error(error);
  process.exit(1);
});
