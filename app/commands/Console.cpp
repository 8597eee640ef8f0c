#include "app/commands/Console.h"

#include <QJsonDocument>

#include <csignal>
#include <cstdio>
#include <unistd.h>

namespace tagalign::app {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void onInterrupt(int)
{
    interrupted = 1;
    std::signal(SIGINT, SIG_DFL); // a second Ctrl-C ends the program at once
}

QString duration(qint64 milliseconds)
{
    const qint64 seconds = milliseconds / 1000;
    return seconds < 60 ? QStringLiteral("%1 s").arg(seconds)
                        : QStringLiteral("%1 min %2 s").arg(seconds / 60).arg(seconds % 60);
}

} // namespace

Console::Console()
    : m_isTerminal(::isatty(STDERR_FILENO) == 1)
{
    std::signal(SIGINT, onInterrupt);
    std::signal(SIGTERM, onInterrupt);
    m_sinceReport.start();
    m_sinceStep.start();
}

Console::~Console()
{
    endLine();
}

void Console::report(const JobProgress& progress)
{
    const QString step = progress.sentence.section(QLatin1Char(' '), 0, 0);
    if (step != m_step) {
        m_step = step;
        m_stepStart = progress.done;
        m_sinceStep.restart();
    } else if (m_sinceReport.elapsed() < (m_isTerminal ? 100 : 5000) &&
               (progress.total == 0 || progress.done < progress.total)) {
        return;
    }
    m_sinceReport.restart();
    QString line = progress.sentence;
    if (progress.total > 0) {
        line += QStringLiteral("  ") + progress.count();
        const qint64 done = progress.done - m_stepStart;
        if (done > 0 && progress.done < progress.total && m_sinceStep.elapsed() > 2000) {
            line +=
                QStringLiteral("  about %1 left")
                    .arg(duration(m_sinceStep.elapsed() * (progress.total - progress.done) / done));
        }
    }
    std::fprintf(stderr, m_isTerminal ? "\r\033[K%s" : "%s\n", qUtf8Printable(line));
    std::fflush(stderr);
    m_lineOpen = m_isTerminal;
}

bool Console::isCancelled() const
{
    return interrupted != 0;
}

void Console::say(const QString& line)
{
    endLine();
    std::fprintf(stderr, "%s\n", qUtf8Printable(line));
}

void Console::endLine()
{
    if (m_lineOpen) {
        std::fputc('\n', stderr);
        m_lineOpen = false;
    }
}

void print(const QString& line)
{
    std::printf("%s\n", qUtf8Printable(line));
    std::fflush(stdout);
}

void printJson(const QJsonObject& object)
{
    print(QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact)));
}

} // namespace tagalign::app
