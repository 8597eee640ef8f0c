#include "app/Project.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/VocabularyCsv.h"
#include "app/jobs/VocabularyJob.h"
#include "app/jobs/VocabularySettings.h"
#include "model/Error.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>

#include <memory>
#include <optional>

namespace tagalign::app {

namespace {

struct Options
{
    std::string project;
    std::string exportFile;
    std::string importFile;
    std::vector<std::string> merge;     ///< A .. KEPT
    std::vector<std::string> rename;    ///< A NAME
    std::vector<std::string> rollUp;    ///< A [PARENT]
    std::vector<std::string> split;     ///< A WORD NAME
    std::vector<std::string> templates; ///< CLASS TEMPLATE ..
    std::optional<int> minimum;
    bool dropEmpty = false;
    bool undo = false;
    bool suggest = false;
    bool asJson = false;
};

QString text(const std::string& argument)
{
    return QString::fromStdString(argument);
}

QString merge(const db::Database& database, const std::vector<std::string>& names)
{
    QList<db::TagId> tags;
    for (const std::string& name : names) {
        tags.append(tagNamed(database, text(name)).id);
    }
    return mergeTags(database, tags, tags.last());
}

/// Without a parent: what there is to choose from.
QString rollUp(const db::Database& database, const std::vector<std::string>& names)
{
    const db::Tag tag = tagNamed(database, text(names.front()));
    if (names.size() > 1) {
        return rollUpTags(database, {tag.id}, text(names.back()));
    }
    QStringList lines;
    for (const QString& parent : hypernymsOf(tag)) {
        lines.append(
            QStringLiteral("%1: %2").arg(parent, previewRollUp(database, {tag.id}, parent)));
    }
    if (lines.isEmpty()) {
        throw model::Error("WordNet knows nothing more general than \"" + names.front() +
                           "\"; write a parent after it");
    }
    return lines.join(QLatin1Char('\n'));
}

QString changeTemplatesOf(const db::Database& database, const std::vector<std::string>& arguments)
{
    model::tags::PromptTemplates templates = promptTemplatesOf(database);
    templates.set(arguments.front(), {arguments.begin() + 1, arguments.end()});
    return changeTemplates(database, templates);
}

QJsonObject toJson(const db::VocabularyTag& each)
{
    const bool isObject = each.tag.kind == db::TagKind::Object;
    return {{"kind", isObject ? "object" : "attribute"},
            {"tag", each.tag.lemma},
            {"display", each.tag.display},
            {"class", each.tag.tagClass},
            {"class_edited", each.isClassEdited},
            {"images", each.tag.images},
            {"accepted", each.tag.accepted},
            {"rejected", each.tag.rejected},
            {"priority", each.tag.priority},
            {"in_use", each.tag.enabled},
            {"english", each.tag.english},
            {"parent", each.parentName},
            {"merged", QJsonArray::fromStringList(each.merged)}};
}

void list(const db::Database& database, bool asJson)
{
    QJsonArray all;
    for (const db::VocabularyTag& each : db::VocabularyRepository(database.connection()).tags()) {
        const QJsonObject row = toJson(each);
        all.append(row);
        if (!asJson) {
            print(QStringLiteral("%1\t%2\t%3\t%4\t%5")
                      .arg(row["kind"].toString(), each.tag.display, each.tag.tagClass)
                      .arg(each.tag.images)
                      .arg(each.tag.enabled ? QStringLiteral("in use") : QStringLiteral("off")));
        }
    }
    if (asJson) {
        QJsonObject templates;
        const model::tags::PromptTemplates stored = promptTemplatesOf(database);
        for (const char* group : {"object", "colour", "material", "pattern", "size", "shape",
                                  "state", "position", "other"}) {
            QJsonArray texts;
            for (const std::string& each : stored.of(group)) {
                texts.append(text(each));
            }
            templates[QLatin1String(group)] = texts;
        }
        printJson(
            {{"minimum_images", minimumImages(database)}, {"tags", all}, {"templates", templates}});
    }
}

/// What the options ask for, in this order; false if they asked for nothing.
bool change(const db::Database& database, const Options& options, Console& console)
{
    QStringList done;
    if (options.undo) {
        done.append(undoVocabulary(database));
    }
    if (!options.importFile.empty()) {
        const VocabularyImport result = importVocabulary(database, text(options.importFile));
        for (const CsvProblem& problem : result.problems) {
            console.say(QStringLiteral("  line %1: %2").arg(problem.line).arg(problem.reason));
        }
        done.append(result.sentence());
    }
    if (!options.merge.empty()) {
        done.append(merge(database, options.merge));
    }
    if (!options.rename.empty()) {
        done.append(renameTag(database, tagNamed(database, text(options.rename[0])).id,
                              text(options.rename[1])));
    }
    if (!options.rollUp.empty()) {
        done.append(rollUp(database, options.rollUp));
    }
    if (!options.split.empty()) {
        done.append(
            splitTag(database, {tagNamed(database, text(options.split[0])).id, db::SplitBy::Caption,
                                text(options.split[1]), text(options.split[2])}));
    }
    if (options.dropEmpty) {
        done.append(dropEmptyTags(database));
    }
    if (options.minimum) {
        done.append(changeMinimum(database, *options.minimum));
    }
    if (!options.templates.empty()) {
        done.append(changeTemplatesOf(database, options.templates));
    }
    if (options.suggest) {
        for (const VocabularySuggestion& each : vocabularySuggestions(database)) {
            done.append(each.sentence);
        }
    }
    if (!options.exportFile.empty()) {
        exportVocabulary(database, text(options.exportFile));
        done.append(text(options.exportFile));
    }
    for (const QString& sentence : done) {
        options.asJson ? console.say(sentence) : print(sentence);
    }
    return !done.isEmpty();
}

int vocabulary(const Options& options)
{
    Console console;
    const Project project = Project::open(text(options.project));
    const db::Database database(project.databaseFile());
    const bool hasChanged = change(database, options, console);
    if (options.asJson || !hasChanged) {
        list(database, options.asJson);
    }
    return kDone;
}

} // namespace

void addVocabularyCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "vocabulary", "List the project's tags, merge, roll up, split, rename and switch them");
    verb->add_option("PROJECT,--project", options->project, "Project folder")->required();
    verb->add_option("--merge", options->merge, "Tags that mean the same; the last one is kept")
        ->expected(2, CLI::detail::expected_max_vector_size);
    verb->add_option("--rename", options->rename, "A tag and its new name")->expected(2);
    verb->add_option("--roll-up", options->rollUp,
                     "A tag and what it counts as too; without that: what WordNet offers")
        ->expected(1, 2);
    verb->add_option("--split", options->split,
                     "A tag, a word of the captions that tell of something else, its name")
        ->expected(3);
    verb->add_option("--templates", options->templates,
                     "\"object\" or a class of attributes, and its prompt templates with one {} "
                     "each; none: the standard ones")
        ->expected(1, CLI::detail::expected_max_vector_size);
    verb->add_option("--minimum", options->minimum,
                     "On how many images a tag must be to be in use");
    verb->add_flag("--drop-empty", options->dropEmpty,
                   "Switch off tags that name no thing, such as \"view\"");
    verb->add_flag("--suggest", options->suggest, "What could be merged or rolled up");
    verb->add_option("--import", options->importFile, "CSV with changes, as --export writes it");
    verb->add_option("--export", options->exportFile, "CSV to write");
    verb->add_flag("--undo", options->undo, "Take the newest step back, before all else");
    verb->add_flag("--json", options->asJson, "Print the vocabulary as JSON");
    verb->callback([options, &run] { run = [options] { return vocabulary(*options); }; });
}

} // namespace tagalign::app
