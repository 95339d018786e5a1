// memjs, which speaks the binary protocol, and so gets an error: PORT
const assert = require("assert");
const memjs = require("memjs");

async function main(port) {
  const quiet = { log: () => {} };
  const client = memjs.Client.create(`127.0.0.1:${port}`, { logger: quiet });
  await assert.rejects(client.set("k", "v", {}), /Not supported/);
  await assert.rejects(client.get("k"), /Not supported/);
  client.close();
}

main(Number(process.argv[2])).catch((error) => {
  console.error(error);
  process.exit(1);
});
