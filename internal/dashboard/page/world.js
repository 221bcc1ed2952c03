// The outlines of countries, read when a map is first drawn.

let worldReady = false;
function world() {
  if (worldReady) return;
  worldReady = true;
  const features = Object.entries(JSON.parse(textOf("world"))).map(([code, rings]) => {
    const polygons = [];
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
      if (area > 0 && polygons.length) polygons.at(-1).push(ring); // the other way around is a hole
      else polygons.push([ring]);
    }
    return { type: "Feature", properties: { name: code }, geometry: { type: "MultiPolygon", coordinates: polygons } };
  });
  echarts.registerMap("world", { geoJSON: { type: "FeatureCollection", features } });
}
