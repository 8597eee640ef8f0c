#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/QualityJob.h"
#include "app/jobs/SimulatedReview.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "model/Error.h"

#include <CLI/CLI.hpp>

#include <QElapsedTimer>
#include <QHash>
#include <QJsonArray>

#include <cmath>
#include <memory>

namespace tagalign::app {

namespace {

using model::tags::QualityCheck;
using model::tags::ThresholdRow;

struct Options
{
    std::string project;
    std::size_t secondLook = 10;
    bool refresh = false;
    bool asJson = false;
};

QString number(double value, int digits = 3)
{
    return std::isfinite(value) ? QString::number(value, 'f', digits) : QStringLiteral("-");
}

QJsonValue jsonNumber(double value)
{
    return std::isfinite(value) ? QJsonValue(value) : QJsonValue();
}

double aurocOf(const QualityCheck& check)
{
    return check.auroc.value_or(std::nan(""));
}

/// Thresholds worth a line each.
std::vector<ThresholdRow> tableOf(const TagQualityState& state)
{
    std::vector<ThresholdRow> table;
    for (const ThresholdRow& row :
         model::tags::thresholdRows(state.pairs, state.check.probabilities)) {
        if (int(std::lround(row.threshold * 100.0)) % 10 == 0) {
            table.push_back(row);
        }
    }
    return table;
}

QString verdictOf(const DoubtfulVerdict& doubt)
{
    return doubt.pair.state == db::State::Accepted ? QStringLiteral("accepted")
                                                   : QStringLiteral("rejected");
}

QJsonObject checkJson(const TagQualityState& state)
{
    const auto interval = model::tags::aurocInterval(state.pairs, state.check);
    QJsonArray bins;
    for (const auto& bin : state.check.reliability) {
        if (bin.count > 0.0) {
            bins.append(QJsonObject{{"tags", bin.count},
                                    {"probability", bin.probability / bin.count},
                                    {"right", bin.present / bin.count}});
        }
    }
    return {{"auroc", jsonNumber(aurocOf(state.check))},
            {"auroc_low", interval.low},
            {"auroc_high", interval.high},
            {"ece", jsonNumber(state.check.calibrationError)},
            {"reliability", bins}};
}

QJsonObject toJson(const TagQualityState& state, const TagQualityState& without,
                   const QList<DoubtfulVerdict>& doubts)
{
    QJsonArray terms;
    for (const auto& term : state.check.model.terms()) {
        terms.append(QJsonObject{{"name", QString::fromStdString(term.name)},
                                 {"unit", QString::fromStdString(term.unit)},
                                 {"prior", term.prior},
                                 {"fitted", term.fitted}});
    }
    QJsonArray thresholds;
    for (const ThresholdRow& row : tableOf(state)) {
        thresholds.append(QJsonObject{{"threshold", row.threshold},
                                      {"precision", jsonNumber(row.precision)},
                                      {"low", row.interval.low},
                                      {"high", row.interval.high},
                                      {"coverage", row.coverage},
                                      {"kept", qint64(row.kept)},
                                      {"judged", qint64(row.judged)},
                                      {"reach", row.reach}});
    }
    QJsonArray look;
    for (const DoubtfulVerdict& doubt : doubts) {
        look.append(QJsonObject{{"image", doubt.image},
                                {"kind", db::kindName(doubt.pair.kind)},
                                {"tag", doubt.pair.lemma},
                                {"verdict", verdictOf(doubt)},
                                {"agreement", doubt.agreement}});
    }
    return {{"pairs", qint64(state.pairs.size())},
            {"accepted", qint64(state.check.accepted)},
            {"rejected", qint64(state.check.rejected)},
            {"with_image_check", checkJson(state)},
            {"without_image_check", checkJson(without)},
            {"coefficients", terms},
            {"thresholds", thresholds},
            {"second_look", look}};
}

void printCheck(const QString& name, const TagQualityState& state)
{
    const auto interval = model::tags::aurocInterval(state.pairs, state.check);
    print(QStringLiteral("%1 AUROC %2 (%3 to %4), calibration error %5")
              .arg(name, -22)
              .arg(number(aurocOf(state.check)), number(interval.low), number(interval.high),
                   number(state.check.calibrationError)));
}

void printReliability(const QualityCheck& check)
{
    print(QStringLiteral("\nprobability   right   tags"));
    for (const auto& bin : check.reliability) {
        if (bin.count > 0.0) {
            print(QStringLiteral("%1 %2 %3")
                      .arg(number(bin.probability / bin.count), 11)
                      .arg(number(bin.present / bin.count), 7)
                      .arg(bin.count, 6));
        }
    }
}

void printTerms(const model::tags::TagQuality& quality)
{
    print(QStringLiteral("\nWhat speaks for a tag, as a change of its log odds:"));
    for (const auto& term : quality.terms()) {
        print(QStringLiteral("  %1 %2  %3 (before any verdict %4)")
                  .arg(QString::fromStdString(term.name), -28)
                  .arg(term.fitted, 6, 'f', 2)
                  .arg(QString::fromStdString(term.unit))
                  .arg(term.prior, 0, 'f', 2));
    }
}

void printThresholds(const TagQualityState& state)
{
    print(QStringLiteral("\nthreshold  precision   95 % interval  coverage  judged"));
    for (const ThresholdRow& row : tableOf(state)) {
        print(QStringLiteral("%1 %2  %3 to %4 %5 %6 of %7%8")
                  .arg(number(row.threshold, 2), 9)
                  .arg(number(row.precision), 10)
                  .arg(number(row.interval.low), 6)
                  .arg(number(row.interval.high))
                  .arg(number(row.coverage), 9)
                  .arg(row.judged, 7)
                  .arg(row.kept)
                  .arg(row.judged > 0 && row.reach < 0.9
                           ? QStringLiteral("; says nothing of %1 % of them")
                                 .arg((1.0 - row.reach) * 100.0, 0, 'f', 0)
                           : QString()));
    }
}

void printDoubts(const QList<DoubtfulVerdict>& doubts)
{
    if (!doubts.isEmpty()) {
        print(QStringLiteral("\nVerdicts for a second look:"));
    }
    for (const DoubtfulVerdict& doubt : doubts) {
        print(QStringLiteral("  %1  %2: %3, %4 % likely")
                  .arg(doubt.image, doubt.pair.lemma, verdictOf(doubt))
                  .arg(doubt.agreement * 100.0, 0, 'f', 0));
    }
}

int quality(const Options& options)
{
    const Project project = Project::open(QString::fromStdString(options.project));
    Console console;
    const QualitySummary summary =
        checkProjectTags(project, options.refresh ? Margins::All : Margins::Missing, console);
    if (summary.pairs == 0) {
        throw model::Error("the project has no tags yet; run \"tagalign tags\" first");
    }
    const db::Database database(project.databaseFile());
    QElapsedTimer timer;
    timer.start();
    const TagQualityState state = tagQuality(project, database);
    const qint64 milliseconds = timer.elapsed();
    const TagQualityState without = tagQuality(project, database, ImageCheck::Without);
    const QList<DoubtfulVerdict> doubts = secondLook(database, state, options.secondLook);
    if (options.asJson) {
        QJsonObject result = toJson(state, without, doubts);
        result["milliseconds"] = milliseconds;
        printJson(result);
        return kDone;
    }
    print(QStringLiteral("%1 tags on images, %2 accepted, %3 rejected; 10-fold cross-validation by "
                         "image, %4 ms")
              .arg(summary.pairs)
              .arg(state.check.accepted)
              .arg(state.check.rejected)
              .arg(milliseconds));
    const int simulated =
        db::VerdictRepository(database.connection()).judgedBy(simulatedReviewer());
    if (simulated > 0) {
        console.say(
            QStringLiteral("%1 verdicts are those of a simulated reviewer.").arg(simulated));
    }
    printCheck(QStringLiteral("with the image check:"), state);
    printCheck(QStringLiteral("without it:"), without);
    printReliability(state.check);
    printTerms(state.check.model);
    printThresholds(state);
    printDoubts(doubts);
    return kDone;
}

} // namespace

void addQualityCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "quality", "How likely each tag is right, how far that can be believed, and which verdicts "
                   "deserve a second look");
    verb->add_option("PROJECT,--project", options->project, "Project folder")->required();
    verb->add_option("--second-look", options->secondLook, "Verdicts to list, at most")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    verb->add_flag("--refresh", options->refresh, "Compare all tags with their pictures anew");
    verb->add_flag("--json", options->asJson, "Print a JSON object");
    verb->callback([options, &run] { run = [options] { return quality(*options); }; });
}

} // namespace tagalign::app
