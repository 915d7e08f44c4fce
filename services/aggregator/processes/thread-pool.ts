/*
 * Imported first: libuv reads this when its thread pool is first used. Writing, syncing and renaming files are what uploads wait for, and
 * the default of four threads makes them wait for each other.
 */
process.env.UV_THREADPOOL_SIZE ??= "16";
