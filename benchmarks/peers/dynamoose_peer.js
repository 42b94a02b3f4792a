// The work of the benchmark through dynamoose.
//
// dynamoose_peer.js FOLDER VERB TABLES [ITEMS]: FOLDER is where it is installed; `describe` and `create` initialise one table per model, which describes it and
// creates it where it is missing; `seed` writes with batchPut, 25 items a request and 16 requests at once, as dynamoose
// leaves both to its caller. Prints the seconds of the work.
const { createRequire } = require("node:module");
const { performance } = require("node:perf_hooks");
const dynamoose = createRequire(process.argv[2] + "/")("dynamoose");

const [verb, tables, items] = [process.argv[3], Number(process.argv[4]), Number(process.argv[5] || 0)];
dynamoose.aws.ddb.local(process.env.AWS_ENDPOINT_URL_DYNAMODB);

const schema = () => new dynamoose.Schema({ pk: { type: String, hashKey: true }, name: String, text: String });
const name = (number) => `table-${String(number).padStart(5, "0")}`;
const padded = (number) => String(number).padStart(8, "0");

async function initialise(number) {
  const model = dynamoose.model(name(number), schema());
  const table = new dynamoose.Table(name(number), [model], {
    create: true,
    initialize: false,
    throughput: "ON_DEMAND",
    waitForActive: { enabled: true, check: { timeout: 180000, frequency: 100 } },
  });
  await table.initialize();
}

async function seed() {
  const model = dynamoose.model(name(tables), schema());
  new dynamoose.Table(name(tables), [model], { create: false, waitForActive: false });
  let next = 0;
  const worker = async () => {
    while (next < items) {
      const first = next;
      next += 25;
      const batch = [];
      for (let number = first; number < Math.min(first + 25, items); number++) {
        batch.push({ pk: `item-${padded(number)}`, name: `name ${padded(number)}`, text: "x".repeat(114) });
      }
      await model.batchPut(batch);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function main() {
  const began = performance.now();
  if (verb === "seed") await seed();
  else await Promise.all(Array.from({ length: tables }, (_, number) => initialise(number)));
  console.log((performance.now() - began) / 1000);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
