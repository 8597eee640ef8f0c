#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/ParserOption.h"
#include "app/jobs/CaptionParsers.h"
#include "model/tags/CaptionLanguage.h"
#include "model/tags/ParsedJson.h"

#include <CLI/CLI.hpp>

#include <iostream>
#include <map>
#include <memory>

namespace tagalign::app {

namespace {

constexpr std::size_t kBatch = 2000; ///< captions, at most, before their lines are printed

/// Captions of one language go through its parser together; lines come in the captions' order.
void printParsed(const std::vector<std::string>& captions,
                 const std::vector<ParserOfLanguage>& readers, CaptionParsers& parsers)
{
    std::map<QString, std::vector<std::size_t>> byLanguage;
    for (std::size_t i = 0; i < captions.size(); ++i) {
        byLanguage[QLatin1String(model::tags::captionLanguage(captions[i]))].push_back(i);
    }
    std::vector<model::tags::ParsedCaption> parsed(captions.size());
    for (const ParserOfLanguage& reader : readers) {
        std::vector<std::string> texts;
        for (const std::size_t index : byLanguage[reader.language]) {
            texts.push_back(captions[index]);
        }
        auto tags = texts.empty() ? std::vector<model::tags::ParsedCaption>()
                                  : parsers.named(reader.parser).parseAll(texts);
        for (std::size_t i = 0; i < tags.size(); ++i) {
            parsed[byLanguage[reader.language][i]] = std::move(tags[i]);
        }
    }
    for (std::size_t i = 0; i < captions.size(); ++i) {
        std::cout << model::tags::parsedToJson(captions[i], parsed[i]) << '\n';
    }
    std::cout.flush();
}

int parseInput(const std::string& english)
{
    std::ios::sync_with_stdio(false); // else the input never tells that more is waiting
    const auto readers = parsersWithEnglish(QString::fromStdString(english));
    CaptionParsers parsers;
    std::vector<std::string> captions;
    for (std::string caption; std::getline(std::cin, caption);) {
        captions.push_back(caption);
        // Who writes a line and waits for its answer gets it.
        if (captions.size() == kBatch || std::cin.rdbuf()->in_avail() <= 0) {
            printParsed(captions, readers, parsers);
            captions.clear();
        }
    }
    printParsed(captions, readers, parsers);
    return kDone;
}

} // namespace

void addParserOption(CLI::App& verb, std::string& parser)
{
    std::vector<std::string> names;
    for (const QString& name : englishParsers()) {
        names.push_back(name.toStdString());
    }
    parser = names.front();
    verb.add_option("--parser", parser, "Which parser reads English captions")
        ->check(CLI::IsMember(names))
        ->capture_default_str();
}

void addParseCommand(CLI::App& program, RunCommand& run)
{
    CLI::App* verb = program.add_subcommand(
        "parse", "Read tags out of captions on standard input, a line each; prints JSON lines");
    const auto english = std::make_shared<std::string>();
    addParserOption(*verb, *english);
    verb->callback([english, &run] { run = [english] { return parseInput(*english); }; });
}

} // namespace tagalign::app
