import { ZcError } from '@zc/errors';

// Takes the place of the package sharp, which has native code of its own for each platform.
throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the Python package does not decode images itself', {
  advice:
    'Pack them as the files they are, or decode them in Python: zero_copy_loader.pack takes an iterator of ' +
    'samples, {"image": PIL.Image.open(path)} for example.',
});

export default undefined;
