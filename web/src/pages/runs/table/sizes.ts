const IS_COARSE = window.matchMedia('(pointer: coarse)').matches

/** Heights of rows and of the head, and the width of the column with check boxes, in pixels. */
export const ROW = IS_COARSE ? 44 : 32
export const HEAD = IS_COARSE ? 46 : 36
export const CHECK = 40
