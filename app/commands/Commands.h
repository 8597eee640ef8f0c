#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace tagalign::app {

/// What the chosen verb does; returns an exit code, throws std::exception with one sentence.
using RunCommand = std::function<int()>;

// Each adds one verb with its options; when the verb is chosen, `run` is set.
void addPilotCommand(CLI::App& program, RunCommand& run);
void addDemoCommand(CLI::App& program, RunCommand& run);
void addProjectCommands(CLI::App& program, RunCommand& run); ///< import, tags, encode, train, ..
void addParseCommand(CLI::App& program, RunCommand& run);
void addTrainParserCommand(CLI::App& program, RunCommand& run);
void addParsersCommand(CLI::App& program, RunCommand& run);
void addQualityCommand(CLI::App& program, RunCommand& run);
void addTranslateCommand(CLI::App& program, RunCommand& run);
void addVocabularyCommand(CLI::App& program, RunCommand& run);
void addEmbedCommand(CLI::App& program, RunCommand& run);
void addHeatmapCommand(CLI::App& program, RunCommand& run);
void addModelCommand(CLI::App& program, RunCommand& run);
void addPretrainCommand(CLI::App& program, RunCommand& run);
void addBenchCommand(CLI::App& program, RunCommand& run);
void addGoNoGoBench(CLI::App& bench, RunCommand& run);
void addModelBench(CLI::App& bench, RunCommand& run);
void addParseBench(CLI::App& bench, RunCommand& run);
void addDoctorCommand(CLI::App& program, RunCommand& run);
void addAuditCommand(CLI::App& program, RunCommand& run);

} // namespace tagalign::app
