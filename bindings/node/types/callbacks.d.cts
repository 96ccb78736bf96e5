// What answers: errors and callbacks.

/** An error with a numeric code, as every failure of this package is. */
export interface BusinessError<T = void> extends Error {
    /** What failed: see the README for all codes. */
    code: number;
    data?: T;
}

/** Receives an answer: `err` is undefined on success, `data` is undefined on failure. Called once, never inside the call. */
export interface AsyncCallback<T, E = void> {
    (err: BusinessError<E>, data: T): void;
}

/** Receives what happens, any number of times. */
export interface Callback<T> {
    (data: T): void;
}
