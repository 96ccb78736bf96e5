// Where an application's stores lie, and the ways to that of the two models.

/** Where an application's stores lie. */
export interface BaseContext {
    /** The folder below which the stores lie. It must exist when a store is opened. */
    databaseDir: string;
    /** Not used here. */
    area?: number;
    /** Not used here. */
    stageMode?: boolean;
    applicationInfo?: {
        /** Whether the application may use the calls for system applications. Default false. */
        systemApp?: boolean;
    };
}

/**
 * Addition. A context for a program that no system gives one.
 *
 * @param databaseDir the folder of the stores, made if it does not exist. Default: that of the environment variable
 * DKV_DATABASE_DIR, else `dkv-data` in the current folder.
 */
export declare function createContext(databaseDir?: string): BaseContext;

/** The ability of the Stage model, for programs in the form of the reference guide. Begin it with {@link startAbility}. */
export declare class UIAbility {
    /** That of {@link createContext}, unless another one is set before onCreate() runs. */
    context: BaseContext;
    onCreate?(): void;
}

/** Addition. Makes an ability and calls its onCreate(), as the system would. */
export declare function startAbility<T extends UIAbility>(Ability: new () => T, context?: BaseContext): T;

/** The FA model's way to the context. */
export declare const featureAbility: {
    /** That of {@link createContext}. */
    getContext(): BaseContext;
};
