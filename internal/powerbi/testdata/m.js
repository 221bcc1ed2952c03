// Parses M with Microsoft's parser: a JSON object of texts by name on stdin, and one
// line on stdout for each that it refuses.
const parser = require(process.argv[2]);
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
(async () => {
	for (const [name, text] of Object.entries(texts)) {
		const task = await parser.TaskUtils.tryLexParse(parser.DefaultSettings, text);
		if (!parser.TaskUtils.isParseStageOk(task)) {
			console.log(`${name}: ${task.error ? task.error.message : "does not parse"}`);
		}
	}
})();
