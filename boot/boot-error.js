/** A condition that the person at the terminal can act on: printed without a stack. */
export class BootError extends Error {}

/** Whether a system error says that this user may not write there. */
export const isForbidden = (error) => ["EACCES", "EPERM", "EROFS"].includes(error.code);
