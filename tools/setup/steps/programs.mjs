import { ask } from '../process.mjs';
import { doStep, SetupError } from '../step.mjs';

const NODE_MIN = { major: 20, minor: 19 };

/** Node, g++, make and python3: what must be on the machine before anything else. */
export async function programs() {
  await doStep('programs', {
    title: 'programs found',
    inputs: [process.execPath, process.version],
    present: () => true,
    run: findPrograms,
  });
}

function findPrograms() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < NODE_MIN.major || (major === NODE_MIN.major && minor < NODE_MIN.minor)) {
    throw new SetupError(
      `this is Node ${process.versions.node}`,
      `Install Node ${NODE_MIN.major}.${NODE_MIN.minor} or newer.`,
    );
  }
  const packages = { 'g++': 'g++', make: 'make', python3: 'python3 python3-venv' };
  const missing = Object.entries(packages).filter(([program]) => ask(program, ['--version']) === undefined);
  if (missing.length > 0) {
    throw new SetupError(
      `${missing.map(([program]) => program).join(', ')} not found`,
      `Run: sudo apt-get install ${missing.map(([, name]) => name).join(' ')}`,
    );
  }
  return `Node ${process.versions.node}, g++ ${ask('g++', ['-dumpfullversion'])}, ${ask('python3', ['--version'])}`;
}
