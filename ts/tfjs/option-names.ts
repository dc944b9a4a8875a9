/** Names of the options of the operation, which the layer has too. */
export const optionNames = ['levels', 'reduction', 'bins', 'outputOrder', 'runtime'] as const;
