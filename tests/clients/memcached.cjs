// memcached, the package of npm that speaks the text protocol: PORT
const assert = require("assert");
const Memcached = require("memcached");
const { promisify } = require("util");

async function main(port) {
  const client = new Memcached(`127.0.0.1:${port}`);
  const ask = (name, ...args) => promisify(client[name].bind(client))(...args);
  assert.strictEqual(await ask("set", "k", "v", 100), true);
  assert.strictEqual(await ask("get", "k"), "v");
  assert.strictEqual(await ask("get", "none"), undefined);
  await assert.rejects(ask("add", "k", "w", 100), /not stored/);
  assert.strictEqual(await ask("replace", "k", "w", 100), true);
  assert.strictEqual(await ask("append", "k", "x"), true);
  assert.strictEqual(await ask("prepend", "k", "x"), true);
  assert.strictEqual(await ask("get", "k"), "xwx");
  assert.strictEqual(await ask("touch", "k", 100), true);
  assert.strictEqual(await ask("set", "n", "10", 100), true);
  assert.strictEqual(await ask("incr", "n", 5), 15);
  assert.strictEqual(await ask("decr", "n", 1), 14);
  assert.strictEqual(await ask("incr", "none", 1), false);
  const { cas } = await ask("gets", "k");
  assert.strictEqual(await ask("cas", "k", "1", cas, 100), true);
  assert.strictEqual(await ask("cas", "k", "2", cas, 100), false);
  const users = Array.from({ length: 60 }, (_, i) => `user:${i * 37}`);
  await Promise.all(users.map((user) => ask("set", user, user, 100)));
  const found = await ask("getMulti", [...users, "none"]);
  assert.deepStrictEqual({ ...found }, Object.fromEntries(users.map((user) => [user, user])));
  const large = "x".repeat(900000);
  assert.strictEqual(await ask("set", "large", large, 100), true);
  assert.strictEqual(await ask("get", "large"), large);
  await assert.rejects(ask("set", "large", "x".repeat(1 << 21), 100), /greater than/);
  assert.strictEqual(await ask("del", "k"), true);
  assert.strictEqual(await ask("get", "k"), undefined);
  assert.match((await ask("version"))[0].version, /^\d/);
  assert.deepStrictEqual(await ask("flush"), [true]);
  assert.strictEqual(await ask("get", "n"), undefined);
  client.end();
}

main(Number(process.argv[2])).catch((error) => {
  console.error(error);
  process.exit(1);
});
