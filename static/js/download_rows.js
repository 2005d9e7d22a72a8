// What is known of the lines that were written to a file: how many, up to which byte they are
// whole, and which row is the last whole one.

const NEWLINE = 10;
const QUOTE = 34;

export const isNewline = (byte) => byte === NEWLINE;

function count(bytes, wanted) {
  let found = 0;
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) found += 1;
  return found;
}

function joined(first, second) {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

export class TailOfRows {
  constructor(hasHeader) {
    this.hasHeader = hasHeader;
    this.lines = 0;
    this.wholeBytes = 0;
    // From the beginning of the last whole line on.
    this.tail = new Uint8Array(0);
    this.last = new Uint8Array(0);
  }

  get rows() {
    return Math.max(0, this.lines - (this.hasHeader ? 1 : 0));
  }

  add(bytes) {
    const found = count(bytes, NEWLINE);
    const both = joined(this.tail, bytes);
    if (found > 0) {
      const end = both.lastIndexOf(NEWLINE) + 1;
      const start = end > 1 ? both.lastIndexOf(NEWLINE, end - 2) + 1 : 0;
      this.wholeBytes += end - this.last.length;
      this.last = both.slice(start, end);
      this.tail = both.slice(start);
      this.lines += found;
    } else {
      this.tail = both;
    }
  }

  /** Forget what came behind the last whole line. */
  cut() {
    this.tail = this.last;
  }

  /** The `after` that goes on behind the last row; null when it cannot be told. */
  position() {
    const text = new TextDecoder().decode(this.last);
    // A line that ends within quotes is none: a name holds a line break.
    if (this.hasHeader && count(this.last, QUOTE) % 2 === 1) return null;
    const found = this.hasHeader
      ? /^(?<sku>\d+),(?<product>\d+),/.exec(text)
      : /^\{"sku_id":(?<sku>\d+),"product_id":(?<product>\d+),/.exec(text);
    return found === null ? null : `${found.groups.product},${found.groups.sku}`;
  }
}
