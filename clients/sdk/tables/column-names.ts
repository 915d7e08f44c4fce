/* What names of columns give away. They are compared in canonical form, in lower case. */

/** Names under which other programs write how many respondents a row stands for. */
export const COUNT_LIKE =
  /^(n|nn|num|number|counts?|freq|frequency|total|respondents?|responses?|cases|sum|anzahl|haeufigkeit|häufigkeit|effectif|nombre|frecuencia|weighted[ _]?n|n[ _]?weighted)$/;
/** Names of weights and shares, which are not numbers of respondents. */
export const WEIGHT_LIKE =
  /^(w|wt|wgt|weights?|pweight|gewicht|poids|share|percent(age)?|pct|%|prop(ortion)?|prob(ability)?)$/;
