/** What a codebook says about one column (wide) or question (long). */
export interface MappedColumn {
  readonly column: string;
  readonly id?: string | undefined;
  readonly text?: string | undefined;
  readonly family?: string | undefined;
  /** Labels by code, in the order of the options. */
  readonly labels?: ReadonlyMap<string, string> | undefined;
  /** Options in order, where the file holds their texts. */
  readonly options?: readonly string[] | undefined;
  /** Codes or labels that are not answers. */
  readonly missing?: readonly string[] | undefined;
}
