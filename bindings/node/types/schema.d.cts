// What the documents of a store look like.

/** A field of a schema, or an object with fields inside. Wrong types throw 401. */
export declare class FieldNode {
    /** @param name a letter or `_`, then up to 63 letters, digits and `_`; checked when a store is opened with it. */
    constructor(name: string);
    /** Puts a field inside, which makes this one an object. The child is held by reference. Always true. */
    appendChild(child: FieldNode): boolean;
    /** What the field is when a document lacks it; the text `null` for nothing. A string field's is empty at first. */
    default: string | number | boolean | Uint8Array;
    /** The same as `default`. */
    defaultValue: string | number | boolean | Uint8Array;
    /** Whether the field may be null or missing. Default false. */
    nullable: boolean;
    /** The type; 255 before it is set. FLOAT is the same as DOUBLE, and no store can have BYTE_ARRAY. */
    type: number;
}

/** What the documents of a store look like. Whether it is valid is checked when a store is opened: 401, answered. */
export declare class Schema {
    constructor();
    /** The object whose children are the outermost fields: at most 256 in all, at most 4 levels deep. */
    root: FieldNode;
    /** Paths of the fields that have an index, such as `$.address.city`: at most 32. */
    indexes: Array<string>;
    /** 1: documents have no other fields (strict). Every other number: they may (compatible). Default 0. */
    mode: number;
    /** Bytes of each value that stand before its document: 0 to 4194302. Default 0. */
    skip: number;
}
