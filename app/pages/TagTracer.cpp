#include "app/pages/TagTracer.h"

#include "app/Utf8.h"
#include "db/TraceRepository.h"

#include <QLocale>

namespace tagalign::app {

namespace {

QStringList notesOf(const db::TraceSource& source)
{
    QStringList notes;
    if (!source.owner.isEmpty()) {
        notes.append(TagTracer::tr("of \"%1\"").arg(source.owner));
    }
    if (source.inferred) {
        notes.append(TagTracer::tr("inferred: not in the caption's own words"));
    }
    if (source.reverted) {
        notes.append(TagTracer::tr("its run was reverted"));
    }
    return notes;
}

QString exchangeOf(const db::TraceSource& source)
{
    QStringList parts;
    const auto add = [&parts](const QString& title, const QString& text) {
        parts += text.isEmpty() ? QStringList() : QStringList{title + QLatin1Char('\n') + text};
    };
    add(TagTracer::tr("PROMPT %1").arg(source.promptVersion), source.promptText);
    add(TagTracer::tr("REQUEST"), source.request);
    add(TagTracer::tr("ANSWER"), source.answer);
    return parts.join(QStringLiteral("\n\n"));
}

widgets::TraceReading readingOf(const db::TraceSource& source)
{
    const QByteArray bytes = source.captionText.toUtf8();
    const int start = unitsOf(bytes, source.spanStart);
    const int end = unitsOf(bytes, source.spanStart + source.spanLength);
    return {.parser = parserName(source.parser, source.parserVersion, source.promptVersion),
            .caption = source.captionText,
            .start = start,
            .length = end - start,
            .probability = source.confidence,
            .notes = notesOf(source),
            .exchange = exchangeOf(source)};
}

/// Readings of one parser together, the most confident parser first.
QList<widgets::TraceReading> readingsOf(const QList<db::TraceSource>& sources)
{
    QList<widgets::TraceReading> readings;
    for (const db::TraceSource& source : sources) {
        const widgets::TraceReading reading = readingOf(source);
        qsizetype place = readings.size();
        for (qsizetype i = 0; i < readings.size(); ++i) {
            place = readings.at(i).parser == reading.parser ? i + 1 : place;
        }
        readings.insert(place, reading);
    }
    return readings;
}

QStringList agreementOf(const db::TagTrace& trace)
{
    QStringList found;
    for (const db::TraceSource& source : trace.sources) {
        const QString name = parserName(source.parser, source.parserVersion, source.promptVersion);
        found += found.contains(name) ? QStringList() : QStringList{name};
    }
    QStringList sentences{TagTracer::tr("Found by %1.").arg(found.join(QStringLiteral(", ")))};
    for (const db::SilentParser& parser : trace.silent) {
        sentences.append(
            TagTracer::tr("Not found by %1 (captions of this picture that it read: %2).")
                .arg(parserName(parser.parser, parser.parserVersion, parser.promptVersion),
                     QLocale().toString(parser.captions)));
    }
    if (trace.silent.isEmpty() && found.size() == 1) {
        sentences.append(TagTracer::tr("No other parser has read this picture's captions."));
    }
    return sentences;
}

widgets::TraceDecision decisionOf(const db::TraceVerdict& verdict)
{
    const QString when = localTime(verdict.at);
    const QString what =
        verdict.isUndo
            ? TagTracer::tr("undone: %1 again").arg(widgets::stateText(stateOf(verdict.verdict)))
            : widgets::stateText(stateOf(verdict.verdict));
    QStringList facts{what, TagTracer::tr("by %1").arg(verdict.who), when};
    if (verdict.durationMs > 0) {
        facts.append(TagTracer::tr("after %1 s")
                         .arg(QLocale().toString(verdict.durationMs / 1000.0, 'f', 1)));
    }
    if (verdict.mode == db::Mode::Bulk) {
        facts.append(TagTracer::tr("with others at once"));
    }
    return {stateOf(verdict.verdict), facts.join(QStringLiteral(" · ")), verdict.undone};
}

widgets::Trace traceOf(const db::Candidate& tag, const db::TagTrace& trace)
{
    widgets::Trace shown{.tag = tag.display,
                         .kind = tag.kind == db::TagKind::Object ? TagTracer::tr("Object")
                                                                 : TagTracer::tr("Attribute"),
                         .readings = readingsOf(trace.sources),
                         .agreement = agreementOf(trace),
                         .decisions = {}};
    for (const db::TraceVerdict& verdict : trace.verdicts) {
        shown.decisions.append(decisionOf(verdict));
    }
    return shown;
}

} // namespace

TagTracer::TagTracer(Workspace& workspace, QWidget* parent)
    : TracePanel(parent),
      m_workspace(workspace)
{
    setTag({});
}

void TagTracer::setTag(const std::optional<db::Candidate>& tag)
{
    m_tag = tag;
    if (isVisible()) {
        load();
    }
}

void TagTracer::load()
{
    const int asked = ++m_asked;
    if (!m_tag) {
        setHint(tr("Choose a tag to see where it comes from: the words, the parser, what a "
                   "language model was asked and answered, the verdicts."));
        return;
    }
    m_workspace.session.ask(
        this,
        [image = m_tag->image, tag = m_tag->tag](db::Database& database) {
            return db::TraceRepository(database.connection()).traceOf(image, tag);
        },
        [this, asked](const db::TagTrace& trace) {
            if (asked == m_asked && m_tag) {
                setTrace(traceOf(*m_tag, trace));
            }
        });
}

void TagTracer::showEvent(QShowEvent* event)
{
    TracePanel::showEvent(event);
    load();
}

} // namespace tagalign::app
