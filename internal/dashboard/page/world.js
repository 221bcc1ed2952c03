// The outlines of countries, read when a map is first drawn.

const mainlands = new Map(); // by code: the box of a country's largest part, [west, south, east, north]
function world() {
  if (mainlands.size) return;
  const features = Object.entries(JSON.parse(textOf("world"))).map(([code, rings]) => {
    const polygons = [];
    let largest = 0;
    for (const steps of rings) {
      let x = 0, y = 0, area = 0;
      const ring = [];
      for (let i = 0; i < steps.length; i += 2) {
        const [wasX, wasY] = [x, y];
        x += steps[i];
        y += steps[i + 1];
        if (i) area += wasX * y - x * wasY;
        ring.push([x, y]);
      }
      if (Math.abs(area) > largest) {
        largest = Math.abs(area);
        const [xs, ys] = [0, 1].map((k) => ring.map((p) => p[k]));
        mainlands.set(code, [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
      }
      if (area > 0 && polygons.length) polygons.at(-1).push(ring); // the other way around is a hole
      else polygons.push([ring]);
    }
    return { type: "Feature", properties: { name: code }, geometry: { type: "MultiPolygon", coordinates: polygons } };
  });
  echarts.registerMap("world", { geoJSON: { type: "FeatureCollection", features } });
}

// mapView is where a map of some countries is best looked at: its centre, and how many
// times as large as the world it is shown. Islands and other far parts do not count.
function mapView(codes) {
  const boxes = codes.map((code) => mainlands.get(code)).filter(Boolean), all = [...mainlands.values()];
  if (!boxes.length) return {};
  const hull = (list) => [0, 1, 2, 3].map((k) => Math[k < 2 ? "min" : "max"](...list.map((b) => b[k])));
  const [west, south, east, north] = hull(boxes), world = hull(all);
  const zoom = 0.8 * Math.min((world[2] - world[0]) / (east - west), (world[3] - world[1]) / (north - south));
  return zoom > 1.5 ? { zoom: Math.min(zoom, 5), center: [(west + east) / 2, (south + north) / 2] } : {};
}
