// Generated contacts, the same each time.

const FIRST = ["Ann", "Jörg", "Élise", "Mario", "Zoë", "Ivan", "Noor", "Aiko", "Liam", "Olga"];
const LAST = ["Lee", "Weiß", "Bigot", "Rossi", "Smith", "Novak", "Haddad", "Tanaka", "O'Brien", "Petrov", "van Dijk"];

/**
 * A CSV file of contacts.
 *
 * @param {number} count
 */
export function csv(count) {
  const rows = Array.from({ length: count }, (_, at) => {
    const first = FIRST[at % FIRST.length];
    const last = LAST[at % LAST.length];
    return `${first} ${last} ${at},person${at}@example.org,${at % 3 ? "" : "vip"}`;
  });
  return ["name,email,tags", ...rows].join("\n");
}

/** Texts that break careless pages. */
export const HOSTILE = [
  "<img src=x onerror=window.broken=1>",
  "<script>window.broken=1</script>",
  "'\"><svg/onload=window.broken=1>",
  "{{constructor.constructor('window.broken=1')()}}",
  "javascript:window.broken=1",
  "=HYPERLINK(1)",
  `${"long".repeat(45)}`,
  "\u202Eright to left\u202C",
  "Z̴̛͎a̶͎l̷͎g̸o",
  "👩‍👩‍👧‍👦🏳️‍🌈",
  "../../etc/passwd",
  "%00%0a%s%n",
];
