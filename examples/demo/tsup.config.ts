import { library } from '../../tools/build/library.js';

export default library({ main: 'src/main.ts' }, { format: ['esm'], dts: false, shims: false });
