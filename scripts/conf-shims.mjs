// What conf takes from Ajv, which it calls only for a schema. dnx gives it none, and checks the settings itself.
export class Ajv2020 {}
export default {};
