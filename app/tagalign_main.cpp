#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "model/clip/Device.h"

#include <CLI/CLI.hpp>

#include <QGuiApplication>

#include <csignal>
#include <cstdio>

using namespace tagalign;

namespace {

int runChosen(const app::RunCommand& run)
{
    try {
        return run();
    } catch (const model::Cancelled&) {
        std::fputs("\ntagalign: cancelled; what was finished is kept, run it again to go on.\n",
                   stderr);
        return app::kCancelled;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "\ntagalign: %s\n", error.what());
        return app::kFailed;
    }
}

int runProgram(int argc, char** argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen"); // the composer draws, but never on a screen
    const QGuiApplication application(argc, argv);
    QGuiApplication::setApplicationName(QStringLiteral("tagalign"));

    CLI::App program("TagAlign: tags out of captions, verified, aligned with CLIP and measured.");
    program.set_version_flag("--version", TAGALIGN_VERSION);
    program.require_subcommand(1);
    app::RunCommand run;
    app::addPilotCommand(program, run);
    app::addDemoCommand(program, run);
    app::addProjectCommands(program, run);
    app::addParseCommand(program, run);
    app::addTrainParserCommand(program, run);
    app::addParsersCommand(program, run);
    app::addQualityCommand(program, run);
    app::addTranslateCommand(program, run);
    app::addVocabularyCommand(program, run);
    app::addEmbedCommand(program, run);
    app::addHeatmapCommand(program, run);
    app::addModelCommand(program, run);
    app::addPretrainCommand(program, run);
    app::addBenchCommand(program, run);
    app::addDoctorCommand(program, run);
    app::addAuditCommand(program, run);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? app::kDone : app::kUsage;
    }
    return runChosen(run);
}

} // namespace

int main(int argc, char** argv)
{
    model::clip::keepThreadsFromSpinning(argv);
    std::signal(SIGXFSZ, SIG_IGN); // a file-size limit is then told like a full disk
    try {
        (void)model::clip::loadCuda(); // before anything else of LibTorch
        return runProgram(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tagalign: %s\n", error.what());
        return app::kFailed;
    }
}
