import { usageError } from './errors.ts';

/** One payment of a list, as the file says it. */
export interface ListedPayment {
  /** An address, a contact's name or a payment URI. */
  readonly to: string;
  /** "1.5", "1.5 SERO". */
  readonly amount: string;
  readonly asset?: string;
  /** Line of a CSV file, or number of the entry, from 1. */
  readonly line: number;
}

/** Largest file of payments, in characters. */
const MAX_LENGTH = 4 << 20;

const FIELDS = ['to', 'amount', 'asset'] as const;

/**
 * Reads a list of payments: JSON (`[{ "to", "amount", "asset"? }]`) or CSV (RFC 4180) with a header line of the same names.
 * Throws a usage error that names the line.
 */
export function parsePayments(text: string): ListedPayment[] {
  if (text.length > MAX_LENGTH) throw usageError('the file of payments is longer than 4 MiB');
  const start = text.replace(/^\uFEFF/, '').trimStart();
  const payments = start.startsWith('[') ? fromJson(start) : fromCsv(text.replace(/^\uFEFF/, ''));
  if (payments.length === 0) throw usageError('the file lists no payment');
  return payments;
}

function fromJson(text: string): ListedPayment[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw usageError('the file of payments begins like JSON but is none');
  }
  if (!Array.isArray(list)) throw usageError('a JSON file of payments is a list');
  return list.map((item: unknown, index) => {
    const fields = typeof item === 'object' && item !== null ? Object.entries(item) : [];
    for (const [name, value] of fields) {
      if (!(FIELDS as readonly string[]).includes(name) || typeof value !== 'string') {
        throw usageError(`payment ${index + 1}: a payment has "to", "amount" and perhaps "asset", all text`);
      }
    }
    return checked(Object.fromEntries(fields) as Record<string, string>, index + 1, 'payment');
  });
}

function fromCsv(text: string): ListedPayment[] {
  const [header, ...rows] = csvRows(text);
  const names = header?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const known = names.every((name) => (FIELDS as readonly string[]).includes(name));
  if (!known || new Set(names).size !== names.length || !names.includes('to') || !names.includes('amount')) {
    throw usageError('line 1: the first line of a CSV file of payments is to,amount or to,amount,asset');
  }
  return rows.map(({ cells, line }) => {
    if (cells.length !== names.length) {
      throw usageError(`line ${line}: ${names.length} fields are expected, here are ${cells.length}`);
    }
    const fields = Object.fromEntries(names.map((name, i) => [name, cells[i]!.trim()]));
    return checked(fields, line, 'line');
  });
}

function checked(fields: Readonly<Record<string, string>>, line: number, unit: string): ListedPayment {
  const { to, amount, asset } = fields;
  if (!to || !amount) throw usageError(`${unit} ${line}: "to" and "amount" are needed`);
  return asset ? { to, amount, asset, line } : { to, amount, line };
}

interface Row {
  readonly cells: string[];
  readonly line: number;
}

/** Rows of a CSV file (RFC 4180); empty lines are left out. */
function csvRows(text: string): Row[] {
  const rows: Row[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let rowLine = 1;
  const endCell = (): void => {
    cells.push(cell);
    cell = '';
  };
  const endRow = (): void => {
    endCell();
    if (cells.length > 1 || cells[0]!.trim() !== '') rows.push({ cells, line: rowLine });
    cells = [];
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '\n') line++;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') {
        cell += char;
        i++;
      } else quoted = false;
    } else if (char === '"') {
      if (cell.trim() !== '') throw usageError(`line ${line}: a quotation mark inside a field`);
      cell = '';
      quoted = true;
    } else if (char === ',') endCell();
    else if (char === '\n') {
      endRow();
      rowLine = line;
    } else if (char !== '\r') cell += char;
  }
  if (quoted) throw usageError(`line ${rowLine}: a quotation mark is not closed`);
  endRow();
  return rows;
}
