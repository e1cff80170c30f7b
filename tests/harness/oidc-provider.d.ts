/** As much of it as the tests use: it brings no types of its own. */
declare module "oidc-provider" {
  export class Provider {
    constructor(issuer: string, configuration: object);
    callback(): import("node:http").RequestListener;
  }
}
