/*
 * Import this first: libuv reads the variable when its thread pool is first used. Uploads wait for
 * files to be written, synced and renamed; with the default of four threads they would wait for
 * each other.
 */
process.env.UV_THREADPOOL_SIZE ??= "16";
