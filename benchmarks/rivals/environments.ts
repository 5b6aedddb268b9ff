/** How an environment is made: a virtual environment of Python, and what pip then installs into it. */
export interface EnvironmentRecipe {
  /** Arguments of `pip install`, one call after another. */
  readonly installs: readonly (readonly string[])[];
  /** Modules that can be imported when all went well. */
  readonly modules: readonly string[];
  /** What one of its packages is compiled against. */
  readonly build?: {
    /** Names that pkg-config knows. */
    readonly libraries: readonly string[];
    /** The packages of Debian and Ubuntu that bring them. */
    readonly debian: readonly string[];
  };
}

/** Wherever a package brings no torch of its own version with it. */
const TORCH = 'torch==2.13.0';

/**
 * Where other libraries for Python live, by name: those together whose versions go together. `npm run bench --
 * --rivals` makes them. Everything that is compared is pinned; torch always is, lest pip choose another one.
 */
export const ENVIRONMENTS: Readonly<Record<string, EnvironmentRecipe>> = {
  torch: {
    installs: [
      [
        TORCH,
        'numpy==2.4.6',
        'datasets==5.2.0',
        'litdata==0.2.76',
        'pylance==14.0.2',
        'safetensors==0.8.0',
        'spdl==0.8.0',
        'torchdata==0.11.0',
        'webdataset==1.0.2',
      ],
    ],
    modules: [
      'datasets',
      'litdata',
      'lance',
      'safetensors.torch',
      'spdl.pipeline',
      'torchdata.nodes',
      'webdataset',
    ],
  },
  streaming: {
    installs: [
      [TORCH, 'numpy==2.1.3', 'mosaicml-streaming==0.13.0'],
      // It imports torchvision for its image datasets, which nobody needs here. The version that fits torch is
      // compiled against CUDA and, beside a torch without it, does not load; this one's Python does alone.
      ['--no-deps', 'torchvision==0.15.2'],
    ],
    modules: ['streaming'],
  },
  tensorflow: {
    installs: [['tensorflow-cpu==2.21.0', 'numpy==2.4.6']],
    modules: ['tensorflow'],
  },
  grain: {
    installs: [['grain==0.2.18', 'array-record==0.8.6', 'numpy==2.4.6']],
    modules: ['grain', 'array_record.python.array_record_module'],
  },
  ffcv: {
    installs: [
      [
        TORCH,
        'numpy==2.4.6',
        'numba==0.68.1',
        'opencv-python-headless==5.0.0.93',
        'fastargs==1.2.0',
        'pytorch-pfn-extras==0.9.0',
        'pandas==3.1.1',
        'pillow==13.0.0',
        'setuptools==84.2.1',
        'tqdm==4.70.1',
        'wheel==0.48.0',
      ],
      ['--no-build-isolation', '--no-deps', 'ffcv==1.0.2'],
    ],
    modules: ['ffcv.loader'],
    build: {
      libraries: ['opencv4', 'libturbojpeg'],
      debian: ['g++', 'pkg-config', 'libopencv-dev', 'libturbojpeg0-dev'],
    },
  },
};
