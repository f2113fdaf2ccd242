/** How the specs in here run: in Node and in jsdom, made CommonJS by babel as users of jest have it. */
const shared = {
  rootDir: import.meta.dirname,
  testMatch: ['<rootDir>/*.test.js'],
  transform: {
    '\\.js$': [
      'babel-jest',
      {
        babelrc: false,
        inputSourceMap: false,
        plugins: ['@babel/plugin-transform-modules-commonjs'],
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/'],
}

export default {
  watchman: false,
  projects: [
    { ...shared, displayName: 'node', testEnvironment: 'node' },
    { ...shared, displayName: 'jsdom', testEnvironment: 'jsdom' },
  ],
}
