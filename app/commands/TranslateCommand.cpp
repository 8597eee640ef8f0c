#include "app/Project.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/TranslateJob.h"
#include "db/TagRepository.h"
#include "model/Error.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace tagalign::app {

namespace {

struct Options
{
    std::string project;
    std::vector<std::string> edits; ///< TAG=ENGLISH
};

void edit(const db::Database& database, const QString& text)
{
    const qsizetype sign = text.indexOf(QLatin1Char('='));
    if (sign < 1) {
        throw model::Error("\"" + text.toStdString() + "\" is no edit; write TAG=ENGLISH");
    }
    editEnglish(database, text.left(sign), text.mid(sign + 1));
}

void printEquivalents(const db::Database& database)
{
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        if (needsEnglish(tag) && tag.images > 0) {
            const bool isEdited = tag.englishSource == db::EnglishSource::Edited;
            print(QStringLiteral("%1\t%2\t%3\t%4")
                      .arg(db::kindName(tag.kind), tag.display, tag.english,
                           isEdited                ? QStringLiteral("edited")
                           : tag.english.isEmpty() ? QStringLiteral("unknown")
                                                   : QStringLiteral("translated")));
        }
    }
}

int translate(const Options& options)
{
    const Project project = Project::open(QString::fromStdString(options.project));
    const db::Database database(project.databaseFile());
    for (const std::string& text : options.edits) {
        edit(database, QString::fromStdString(text));
    }
    const TranslateSummary summary = translateTags(database);
    printEquivalents(database);
    Console().say(summary.sentence());
    return kDone;
}

} // namespace

void addTranslateCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "translate", "List the English equivalents of Japanese tags, or say better ones");
    verb->add_option("--project", options->project, "Project folder")->required();
    verb->add_option("TAG=ENGLISH", options->edits,
                     "What a tag is called in English; nothing after the sign: no equivalent");
    verb->callback([options, &run] { run = [options] { return translate(*options); }; });
}

} // namespace tagalign::app
