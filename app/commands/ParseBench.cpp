#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/ParserOption.h"
#include "app/jobs/TagJob.h"
#include "db/ImageRepository.h"
#include "db/Statement.h"
#include "model/tags/learned/CaptionGenerator.h"

#include <CLI/CLI.hpp>

#include <QElapsedTimer>
#include <QJsonObject>
#include <QTemporaryDir>

#include <sys/resource.h>

#include <iostream>
#include <memory>
#include <random>

namespace tagalign::app {

namespace {

struct Options
{
    std::string parser;
    std::size_t batch = 2000; ///< captions
    int generated = 0;        ///< captions; 0: from standard input
    bool json = false;
};

/// Captions from standard input, or by the grammar that the parser's training reads.
class CaptionSource
{
public:
    explicit CaptionSource(int generated)
        : m_left(generated)
    {
        if (generated > 0) {
            m_generator.emplace(parserFolder().toStdString() + "/grammar.json", m_wordNet, 1);
        }
    }

    /// Empty at the end.
    [[nodiscard]] std::vector<std::string> next(std::size_t count)
    {
        std::vector<std::string> captions;
        std::string line;
        while (captions.size() < count) {
            if (m_generator && m_left-- > 0) {
                captions.push_back(m_generator->next().text);
            } else if (!m_generator && std::getline(std::cin, line)) {
                captions.push_back(line);
            } else {
                break;
            }
        }
        return captions;
    }

private:
    model::tags::WordNet m_wordNet;
    std::optional<model::tags::CaptionGenerator> m_generator;
    int m_left;
};

/// The most memory the program has held so far, MB.
double peakMemory()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return double(usage.ru_maxrss) / 1024.0;
}

void printRate(const Options& options, const QString& what, qint64 captions, double seconds)
{
    const double rate = double(captions) / std::max(seconds, 1e-9);
    if (options.json) {
        printJson({{"captions", captions},
                   {"seconds", seconds},
                   {"captions_per_second", rate},
                   {"peak_megabytes", peakMemory()}});
        return;
    }
    print(QStringLiteral("%1 captions %2 in %3 s: %4 captions/s; at most %5 MB of memory")
              .arg(captions)
              .arg(what)
              .arg(seconds, 0, 'f', 1)
              .arg(rate, 0, 'f', 0)
              .arg(peakMemory(), 0, 'f', 0));
}

/// The parser alone, on one core.
int benchParse(const Options& options)
{
    CaptionParsers parsers;
    const auto& parser = parsers.named(QString::fromStdString(options.parser));
    CaptionSource source(options.generated);
    qint64 captions = 0;
    qint64 nanoseconds = 0;
    for (auto batch = source.next(options.batch); !batch.empty();
         batch = source.next(options.batch)) {
        QElapsedTimer timer;
        timer.start();
        (void)parser.parseAll(batch);
        nanoseconds += timer.nsecsElapsed();
        captions += qint64(batch.size());
    }
    printRate(options, QStringLiteral("parsed"), captions, double(nanoseconds) / 1e9);
    return kDone;
}

/// A project whose captions are those of the source, five an image.
qint64 storeCaptions(const Project& project, CaptionSource& source, std::size_t batch)
{
    constexpr qint64 kCaptionsAnImage = 5;
    db::Database database(project.databaseFile());
    db::ImageRepository images(database.connection());
    std::mt19937_64 random(1);
    qint64 captions = 0;
    db::ImageId image{};
    for (auto lines = source.next(batch); !lines.empty(); lines = source.next(batch)) {
        db::Transaction transaction(database.connection());
        for (const std::string& line : lines) {
            if (captions++ % kCaptionsAnImage == 0) {
                const QString name = QString::number(captions);
                image = images.add({.path = name,
                                    .sha256 = name,
                                    .perceptualHash = random(),
                                    .width = 1,
                                    .height = 1});
            }
            images.addCaption(image, QString::fromStdString(line), QStringLiteral("en"));
        }
        transaction.commit();
    }
    return captions;
}

/// From captions stored in a project to tags stored beside them: the job that the window runs.
int benchTags(const Options& options)
{
    const QTemporaryDir folder;
    const Project project = Project::openOrCreate(folder.filePath(QStringLiteral("bench")));
    CaptionSource source(options.generated);
    (void)storeCaptions(project, source, options.batch);
    Console console;
    const TagSummary summary = extractTags(project, console);
    printRate(options, QStringLiteral("read into a project"), summary.captions, summary.seconds);
    return kDone;
}

CLI::App* addVerb(CLI::App& bench, Options& options, const char* name, const char* help)
{
    CLI::App* verb = bench.add_subcommand(name, help);
    verb->add_option("--batch", options.batch, "Captions read together")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    verb->add_option("--generated", options.generated,
                     "So many captions by a grammar instead of standard input")
        ->check(CLI::Range(1, 100'000'000));
    verb->add_flag("--json", options.json, "Print JSON");
    return verb;
}

} // namespace

void addParseBench(CLI::App& bench, RunCommand& run)
{
    const auto options = std::make_shared<Options>();
    CLI::App* parse =
        addVerb(bench, *options, "parse", "Captions on standard input through the parser");
    addParserOption(*parse, options->parser);
    parse->callback([options, &run] { run = [options] { return benchParse(*options); }; });
    CLI::App* tags = addVerb(bench, *options, "tags",
                             "Captions on standard input into a project, and its tags out of them");
    tags->callback([options, &run] { run = [options] { return benchTags(*options); }; });
}

} // namespace tagalign::app
