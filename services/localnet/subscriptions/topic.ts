/** Listeners by key and by the level of commitment that they wait for. */
export class Topic<Event> {
  readonly #listeners = new Map<string, Set<(event: Event) => void>>();

  /** Returns the way to stop listening. */
  add(key: string, level: "confirmed" | "finalized", listener: (event: Event) => void): () => void {
    const place = `${level} ${key}`;
    const listeners = this.#listeners.get(place) ?? new Set();
    this.#listeners.set(place, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(place) === listeners)
        this.#listeners.delete(place);
    };
  }

  publish(key: string, level: "confirmed" | "finalized", event: Event): void {
    const listeners = this.#listeners.get(`${level} ${key}`);
    // A copy, because a listener may stop listening when it is called.
    if (listeners !== undefined) for (const listener of [...listeners]) listener(event);
  }
}
