#include "app/commands/SegmentationCommand.h"

#include "app/Error.h"
#include "app/commands/Console.h"
#include "app/commands/PatchPaths.h"
#include "app/jobs/SegmentationJob.h"
#include "app/jobs/SegmentationPicture.h"
#include "app/jobs/SegmentationTable.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace tagalign::app {

namespace {

constexpr std::size_t kPicturesDrawn = 24;
constexpr std::size_t kProblemsSaid = 10;

struct Options
{
    std::string folder;
    std::string model;
    std::string head;
    std::string background;
    std::string out;
    std::vector<std::string> paths{"self"};
    std::vector<int> scales{448};
    int window = 448;
    int stride = 0; ///< 0: half the window
    double threshold = model::pipeline::SegmentationSettings{}.threshold;
    std::optional<double> blend;
    std::size_t limit = 0;
};

SegmentationRequest requestOf(const Options& options, const std::string& project)
{
    SegmentationRequest request{.folder = QString::fromStdString(options.folder),
                                .model = QString::fromStdString(options.model),
                                .head = QString::fromStdString(options.head),
                                .project = QString::fromStdString(project),
                                .background = QString::fromStdString(options.background),
                                .settings = {}};
    auto& settings = request.settings;
    settings.paths.clear();
    for (const std::string& path : options.paths) {
        settings.paths.push_back(patchPaths().at(path));
    }
    settings.shortSides = options.scales;
    settings.window = options.window;
    settings.stride = options.stride > 0 ? options.stride : std::max(1, options.window / 2);
    settings.threshold = options.threshold;
    settings.blend = options.blend;
    settings.limit = options.limit;
    return request;
}

/// Draws the first pictures into a folder.
class Album
{
public:
    explicit Album(const QString& folder)
        : m_folder(folder)
    {
        if (!QDir().mkpath(folder)) {
            throw errorOf(
                QCoreApplication::translate("Segmentation", "%1: the folder cannot be made")
                    .arg(folder));
        }
    }

    void add(const model::pipeline::SegmentedPicture& segmented,
             const model::dataset::SegmentationSet& set)
    {
        if (m_drawn == kPicturesDrawn) {
            return;
        }
        ++m_drawn;
        const QString stem =
            QFileInfo(QString::fromStdString(segmented.source.name)).completeBaseName();
        const QString file = QStringLiteral("%1/%2_%3.png")
                                 .arg(m_folder)
                                 .arg(m_drawn, 2, 10, QLatin1Char('0'))
                                 .arg(stem);
        if (!segmentationPicture(segmented, set).save(file)) {
            throw errorOf(QCoreApplication::translate(
                              "Segmentation", "%1: cannot be written; check space and permissions")
                              .arg(file));
        }
    }

private:
    QString m_folder;
    std::size_t m_drawn = 0;
};

void sayProblems(Console& console, const std::vector<model::dataset::RecordProblem>& problems)
{
    for (std::size_t i = 0; i < std::min(kProblemsSaid, problems.size()); ++i) {
        console.say(QStringLiteral("  %1: %2")
                        .arg(QString::fromStdString(problems[i].where),
                             QString::fromStdString(problems[i].message)));
    }
    if (problems.size() > kProblemsSaid) {
        console.say(
            QCoreApplication::translate("Segmentation", "  .. and %1 more; --json lists them all.")
                .arg(problems.size() - kProblemsSaid));
    }
}

int segment(const Options& options, const std::string& project, bool asJson)
{
    Console console;
    std::optional<Album> album;
    if (!options.out.empty()) {
        album.emplace(QString::fromStdString(options.out));
    }
    const SegmentationReport report = evaluateSegmentation(
        requestOf(options, project), console, [&album](const auto& segmented, const auto& set) {
            if (album) {
                album->add(segmented, set);
            }
        });
    sayProblems(console, report.result.problems);
    if (asJson) {
        printJson(segmentationJson(report));
    } else {
        print(segmentationTable(report));
    }
    return kDone;
}

/// Options that say nothing without a set.
void addOptions(CLI::App& evaluate, Options& options, CLI::Option* set, CLI::Option* project)
{
    const auto add = [&evaluate, set](const char* name, auto& value, const char* description) {
        return evaluate.add_option(name, value, description)->needs(set);
    };
    add("--model", options.model,
        "Checkpoint folder, or an installed model's name; default: the demo model")
        ->excludes(project);
    add("--head", options.head, "A run's head.safetensors, to measure before and after")
        ->excludes(project);
    add("--paths", options.paths, "Patch paths to measure side by side, separated by commas")
        ->delimiter(',')
        ->check(CLI::IsMember(patchPaths()))
        ->capture_default_str();
    add("--scales", options.scales,
        "Short sides in pixels; several are measured each by itself and all together")
        ->delimiter(',')
        ->check(CLI::Range(16, 4096))
        ->capture_default_str();
    add("--window", options.window, "Side of the sliding window in pixels")
        ->check(CLI::Range(16, 4096))
        ->capture_default_str();
    add("--stride", options.stride, "From window to window in pixels; default: half the window")
        ->check(CLI::Range(1, 4096));
    add("--background", options.background,
        "Class that means none of the others, or \"none\"; default: the one called background");
    add("--threshold", options.threshold, "Mask value up to which a pixel is background")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    add("--blend", options.blend, "Part of the frozen mask in the head's; default: the head's own")
        ->check(CLI::Range(0.0, 1.0));
    add("--limit", options.limit, "Only the first pictures");
    add("--out", options.out, "Folder for drawings of the first pictures, by the first view");
}

} // namespace

void addSegmentationForm(CLI::App& evaluate, RunCommand& run, std::string& project, bool& asJson,
                         const RunCommand& evaluateProject)
{
    auto options = std::make_shared<Options>();
    CLI::Option* ofProject = evaluate.add_option("--project", project, "Project folder");
    CLI::Option* set = evaluate.add_option(
        "--segmentation", options->folder,
        "Measure open-vocabulary segmentation on a folder with images, masks and classes instead");
    addOptions(evaluate, *options, set, ofProject);
    evaluate.add_flag("--json", asJson, "Print a JSON object");
    evaluate.callback([options, &project, &asJson, &run, evaluateProject] {
        if (options->folder.empty() && project.empty()) {
            throw CLI::RequiredError("--project or --segmentation");
        }
        run = options->folder.empty() ? evaluateProject : RunCommand([options, &project, &asJson] {
            return segment(*options, project, asJson);
        });
    });
}

} // namespace tagalign::app
