export default () => {
  throw Object.create(null);
};
