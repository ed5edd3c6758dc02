// Positions under the cursor without a round trip: Mercator metres -> longitude and latitude -> MGRS.
// UTM through the Krueger series to fourth order in the third flattening: well under a metre inside a zone.

const RADIUS = 6378137;
const FLATTENING = 1 / 298.257223563;
const N = FLATTENING / (2 - FLATTENING);
const RECTIFYING = (RADIUS / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49561 / 161280) * N ** 4,
];
const ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING));
const DEGREE = Math.PI / 180;
const BANDS = "CDEFGHJKLMNPQRSTUVWX";
const COLUMNS = ["ABCDEFGH", "JKLMNPQR", "STUVWXYZ"];
const ROWS = ["ABCDEFGHJKLMNPQRSTUV", "FGHJKLMNPQRSTUVABCDE"];

export function lonlat(x, y) {
  return [x / RADIUS / DEGREE, (2 * Math.atan(Math.exp(y / RADIUS)) - Math.PI / 2) / DEGREE];
}

function zoneOf(lon, lat) {
  if (lat >= 56 && lat < 64 && lon >= 3 && lon < 12) return 32;
  if (lat >= 72 && lat <= 84 && lon >= 0 && lon < 42) return lon < 9 ? 31 : lon < 21 ? 33 : lon < 33 ? 35 : 37;
  return Math.min(60, Math.floor((lon + 180) / 6) + 1);
}

function utm(lon, lat, zone) {
  const phi = lat * DEGREE;
  const away = (lon - (zone * 6 - 183)) * DEGREE;
  const s = Math.sin(phi);
  const t = Math.sinh(Math.atanh(s) - ECCENTRICITY * Math.atanh(ECCENTRICITY * s));
  const xi = Math.atan2(t, Math.cos(away));
  const eta = Math.atanh(Math.sin(away) / Math.sqrt(1 + t * t));
  let east = eta;
  let north = xi;
  ALPHA.forEach((a, i) => {
    const k = 2 * (i + 1);
    east += a * Math.cos(k * xi) * Math.sinh(k * eta);
    north += a * Math.sin(k * xi) * Math.cosh(k * eta);
  });
  return [500000 + 0.9996 * RECTIFYING * east, 0.9996 * RECTIFYING * north + (lat < 0 ? 1e7 : 0)];
}

export function mgrs(lon, lat) {
  if (!(lat >= -80 && lat <= 84)) return "outside MGRS (polar)";
  const zone = zoneOf(lon, lat);
  const [easting, northing] = utm(lon, lat, zone);
  const column = COLUMNS[(zone - 1) % 3][Math.floor(easting / 1e5) - 1];
  const row = ROWS[(zone - 1) % 2][Math.floor(northing / 1e5) % 20];
  const band = BANDS[Math.min(19, Math.floor((lat + 80) / 8))];
  const digits = (value) => String(Math.floor(value % 1e5)).padStart(5, "0");
  return `${String(zone).padStart(2, "0")}${band} ${column}${row} ${digits(easting)} ${digits(northing)}`;
}

export function decimal(lon, lat) {
  const part = (value, plus, minus) => `${Math.abs(value).toFixed(5)}° ${value >= 0 ? plus : minus}`;
  return `${part(lat, "N", "S")}  ${part(lon, "E", "W")}`;
}

// True ground metres of one Mercator metre along the parallel at a Mercator y.
export function groundScale(y) {
  const phi = lonlat(0, y)[1] * DEGREE;
  return Math.cos(phi) / Math.sqrt(1 - (ECCENTRICITY * Math.sin(phi)) ** 2);
}
