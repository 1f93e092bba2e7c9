/** Small changes to a source file that a test should notice: comparisons, logic, arithmetic, literals, checks left out. */
import { parseSync } from 'vite';

export interface Mutant {
  /** 1-based */
  line: number;
  start: number;
  end: number;
  before: string;
  after: string;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

const OPERATORS: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '==': '!=',
  '!=': '==',
  '&&': '||',
  '||': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '+=': '-=',
  '-=': '+=',
};
const METHODS: Record<string, string> = { some: 'every', every: 'some', min: 'max', max: 'min' };

/** Return the mutants of a TypeScript file, in the order of their places. */
export function mutantsOf(name: string, source: string): Mutant[] {
  const found: Mutant[] = [];
  const lines = source.split('\n').map((line) => line.length + 1);
  const lineAt = (at: number) => {
    let line = 0;
    for (let end = lines[0]; end <= at; end += lines[line]) line++;
    return line + 1;
  };
  const add = (start: number, end: number, after: string) =>
    found.push({ line: lineAt(start), start, end, before: source.slice(start, end), after });

  const visit = (node: Node): void => {
    if (node.type.startsWith('TS') && !/^TS(As|NonNull|Satisfies)/.test(node.type)) return; // types do nothing
    if (node.type === 'ImportDeclaration') return;
    mutate(node);
    for (const value of Object.values(node))
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
  };

  function mutate(node: Node): void {
    const { left, right, operator } = node as { left?: Node; right?: Node; operator?: string };
    switch (node.type) {
      case 'BinaryExpression':
      case 'LogicalExpression':
      case 'AssignmentExpression':
        if (!left || !right || !operator) return;
        if (operator === '??') return void add(left.end, right.end, '');
        if (OPERATORS[operator]) {
          const at = source.indexOf(operator, left.end);
          add(at, at + operator.length, OPERATORS[operator]);
        }
        return;
      case 'UnaryExpression':
        if (operator === '!') add(node.start, node.start + 1, '');
        return;
      case 'Literal':
        if (typeof node.value === 'boolean') add(node.start, node.end, String(!node.value));
        if (typeof node.value === 'number') add(node.start, node.end, String(node.value + 1));
        return;
      case 'MemberExpression': {
        const property = node.property as Node;
        const other = METHODS[String(property.name)];
        if (other) add(property.start, property.end, other);
        return;
      }
      case 'IfStatement': {
        const consequent = node.consequent as Node;
        if (!node.alternate) add(consequent.start, consequent.end, '{}');
        return;
      }
      case 'ConditionalExpression': {
        const [yes, no] = [node.consequent as Node, node.alternate as Node];
        const swapped =
          source.slice(no.start, no.end) + source.slice(yes.end, no.start) + source.slice(yes.start, yes.end);
        add(yes.start, no.end, swapped);
        return;
      }
    }
  }

  visit(parseSync(name, source).program as unknown as Node);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

export function applyMutant(source: string, { start, end, after }: Mutant): string {
  return source.slice(0, start) + after + source.slice(end);
}
