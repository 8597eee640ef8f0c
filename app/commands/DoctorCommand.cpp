#include "app/ModelChoice.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "model/clip/Device.h"
#include "model/pipeline/StoreKey.h"
#include "model/tags/Dictionary.h"
#include "model/tags/WordNet.h"
#include "model/tags/japanese/JapaneseMorphemes.h"

#include <CLI/CLI.hpp>

#include <QFontDatabase>
#include <QSqlDatabase>
#include <QSslSocket>

namespace tagalign::app {

namespace {

/// One line of the check-up; false if it is not in order.
bool check(const char* what, const std::function<QString()>& look)
{
    try {
        print(QStringLiteral("ok    %1: %2").arg(QLatin1String(what), look()));
        return true;
    } catch (const std::exception& error) {
        print(QStringLiteral("FAIL  %1: %2")
                  .arg(QLatin1String(what), QString::fromUtf8(error.what())));
        return false;
    }
}

int examine()
{
    bool good =
        check("processor", [] { return QString::fromStdString(model::clip::cpuCapabilities()); });
    good &= check("GPU", [] { return QString::fromStdString(model::clip::gpuCapabilities()); });
    good &= check("demo model", [] {
        (void)model::pipeline::checkpointFingerprint(starterModelFolder().toStdString());
        return starterModelFolder();
    });
    good &= check("WordNet", [] {
        const model::tags::WordNet wordNet;
        return QStringLiteral("loaded");
    });
    good &= check("MeCab for Japanese captions", [] {
        const model::tags::MorphemeReader reader;
        return QString::fromLatin1(model::tags::MorphemeReader::kFolder);
    });
    good &= check("EDICT for English equivalents", [] {
        const model::tags::Dictionary dictionary;
        return QString::fromLatin1(model::tags::Dictionary::kFile);
    });
    good &= check("SQLite driver", [] {
        if (!QSqlDatabase::isDriverAvailable(QStringLiteral("QSQLITE"))) {
            throw model::Error("missing; install libqt6sql6-sqlite");
        }
        return QStringLiteral("available");
    });
    good &= check("TLS for downloads", [] {
        if (!QSslSocket::supportsSsl()) {
            throw model::Error("missing; install libssl3");
        }
        return QSslSocket::sslLibraryVersionString();
    });
    good &= check("emoji font for the demo", [] {
        if (!QFontDatabase::families().contains(QStringLiteral("Noto Color Emoji"))) {
            throw model::Error("missing; install fonts-noto-color-emoji");
        }
        return QStringLiteral("Noto Color Emoji");
    });
    return good ? kDone : kFailed;
}

} // namespace

void addDoctorCommand(CLI::App& program, RunCommand& run)
{
    CLI::App* verb =
        program.add_subcommand("doctor", "Check what this machine has and what is missing");
    verb->callback([&run] { run = examine; });
}

} // namespace tagalign::app
