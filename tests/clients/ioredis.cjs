// ioredis: PORT
const assert = require("assert");
const Redis = require("ioredis");

async function main(port) {
  const client = new Redis(port);
  assert.strictEqual(await client.ping(), "PONG");
  assert.strictEqual(await client.set("greeting", "hello"), "OK");
  assert.strictEqual(await client.get("greeting"), "hello");
  assert.strictEqual(await client.get("nothing"), null);
  assert.strictEqual(await client.hset("user", { name: "ann" }), 1);
  assert.deepStrictEqual(await client.hgetall("user"), { name: "ann" });
  const pairs = Array.from({ length: 50 }, (_, i) => [`key:${i}`, `${i}`]);
  assert.strictEqual(await client.mset(new Map(pairs)), "OK");
  assert.deepStrictEqual(await client.mget("key:1", "none", "key:2"), ["1", null, "2"]);
  const answers = await client.pipeline().set("a", "1").incr("a").get("a").exec();
  assert.deepStrictEqual(answers, [[null, "OK"], [null, 2], [null, "2"]]);
  client.defineCommand("echoed", { numberOfKeys: 1, lua: "return {KEYS[1], ARGV[1]}" });
  assert.deepStrictEqual(await client.echoed("a", "x"), ["a", "x"]);
  await assert.rejects(client.hget("greeting", "x"), /wrong kind of value/);
  await assert.rejects(client.call("nosuch"), /unknown command/);
  await assert.rejects(client.multi().get("a").exec(), /transaction/);
  const found = new Set();
  for await (const keys of client.scanStream({ match: "key:*", count: 5 })) {
    keys.forEach((key) => found.add(key));
  }
  assert.strictEqual(found.size, 50);
  assert.strictEqual(await client.get("greeting"), "hello");
  assert.strictEqual(await client.quit(), "OK");
}

main(Number(process.argv[2])).catch((error) => {
  console.error(error);
  process.exit(1);
});
