// Outlines on a grid of 16, drawn for this page.
const PATHS = {
  check: "M3 8.5 6.5 12 13 4.5",
  warn: "M8 2.5 14.5 13.5H1.5ZM8 6.5V9.5M8 11.4V11.6",
  cross: "M4 4 12 12M12 4 4 12",
  dash: "M4 8H12",
  info: "M8 7.2V12M8 4.4V4.6",
  overview: "M2 13H14M3.5 10.5 6.5 6.5 9 8.5 12.5 3.5",
  latency: "M8 4.5V8.5L10.5 10M8 2A6 6 0 1 1 7.99 2",
  market: "M4 3V13M4 5H4M2.8 5.5H5.2V10.5H2.8ZM12 2V12M10.8 4H13.2V9H10.8ZM8 5V14M6.8 7.5H9.2V11.5H6.8Z",
  plugins: "M6 2.5V5.5M10 2.5V5.5M4 5.5H12V8A4 4 0 0 1 4 8ZM8 12V14.5",
  network: "M8 2A6 6 0 1 1 7.99 2M2 8H14M8 2C5.5 5 5.5 11 8 14M8 2C10.5 5 10.5 11 8 14",
  journal: "M4 2H12.5V14H4A1.5 1.5 0 0 1 4 11H12.5M5.5 5H10M5.5 7.5H10",
  optimizer: "M2.5 4.5H8.5M11.5 4.5H13.5M10 3V6M2.5 11.5H4.5M7.5 11.5H13.5M6 10V13",
  memory:
    "M4 4H12V12H4ZM6.5 6.5H9.5V9.5H6.5ZM6 1.8V4M10 1.8V4M6 12V14.2M10 12V14.2M1.8 6H4M1.8 10H4M12 6H14.2M12 10H14.2",
  halt: "M5.5 2H10.5L14 5.5V10.5L10.5 14H5.5L2 10.5V5.5ZM6 6H10V10H6Z",
  flatten: "M2 13H14M8 2.5V9.5M5 7 8 10 11 7",
  play: "M5 3 12.5 8 5 13Z",
  pause: "M5.5 3.5V12.5M10.5 3.5V12.5",
  profile: "M3 13.5H13M4.5 11H11.5M6 8.5H10M7 6H9M8 2.5V6",
  moon: "M13 9.5A5.5 5.5 0 1 1 6.5 3 4.5 4.5 0 0 0 13 9.5Z",
  sun: "M8 5A3 3 0 1 1 7.99 5M8 1.5V3M8 13V14.5M1.5 8H3M13 8H14.5M3.4 3.4 4.5 4.5M11.5 11.5 12.6 12.6M3.4 12.6 4.5 11.5M11.5 4.5 12.6 3.4",
  history: "M2.5 8A5.5 5.5 0 1 0 4.2 4M2.5 2.5V5H5M8 5.2V8.2L10 9.6",
  back: "M7 3 2.5 8 7 13M3 8H13.5",
  gc: "M3 4.5H13M6 4.5V2.8H10V4.5M4.5 4.5 5.2 13.5H10.8L11.5 4.5",
  loopStall: "M8 2A6 6 0 1 1 7.99 2M6.2 5.8V10.2M9.8 5.8V10.2",
  limiterWait:
    "M4 2.5H12M4 13.5H12M4.8 2.5C4.8 6 8 6.5 8 8S4.8 10 4.8 13.5M11.2 2.5C11.2 6 8 6.5 8 8S11.2 10 11.2 13.5",
  reconnect: "M3 6A5.5 5.5 0 0 1 12.8 5M13 2.5V5.3H10.2M13 10A5.5 5.5 0 0 1 3.2 11M3 13.5V10.7H5.8",
  bell: "M4 11.5V7.5A4 4 0 0 1 12 7.5V11.5L13.5 12.5H2.5ZM6.8 14.2H9.2",
  search: "M7 2.5A4.5 4.5 0 1 1 6.99 2.5M10.3 10.3 13.8 13.8",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign beside a word; it says nothing that the word does not. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
