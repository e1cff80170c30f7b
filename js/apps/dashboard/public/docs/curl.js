/** An operation as a command. @param {string} origin @param {string} method @param {string} path @param {any} operation */
export function curl(origin, method, path, operation) {
  const given = (/** @type {string} */ name) => operation.parameters.find((/** @type {any} */ one) => one.in === "path" && one.name === name)?.example;
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name) => (given(name) ? encodeURIComponent(given(name)) : `{${name}}`));
  const lines = [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quoted(origin + address)}`, `-H "Authorization: Bearer $HEADWATER_TOKEN"`];
  const example = operation.requestBody?.content["application/json"]?.example;
  if (example !== undefined) lines.push(`-H "Content-Type: application/json"`, `-d ${quoted(JSON.stringify(example, null, 2))}`);
  return lines.join(" \\\n  ");
}

/** For a shell. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
