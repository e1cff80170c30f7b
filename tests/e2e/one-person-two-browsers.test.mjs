import { twoBrowsersBecomeOneProfile } from "../scenarios/one-person.mjs";
import { onStack } from "../harness/stack.mjs";

onStack()("signing in on a second browser joins both in one profile with one timeline", async (stack) => {
  const [first, second] = [await stack.visitor(), await stack.visitor()];
  await twoBrowsersBecomeOneProfile(stack, first, second, { email: "ada@tarn.test", name: "Ada Lovelace" });
});
