#include "app/jobs/HubRevision.h"

#include "app/Error.h"
#include "app/ModelStore.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSet>

namespace tagalign::app {

namespace {

constexpr qint64 kLongestFile = qint64(1) << 40;

bool isHex(const QByteArray& text, int digits)
{
    static const QRegularExpression pattern(QStringLiteral("^[0-9a-f]+$"));
    return text.size() == digits && pattern.match(QString::fromLatin1(text)).hasMatch();
}

/// A relative path that stays inside the folder it is put into.
bool isInside(const QString& path)
{
    static const QRegularExpression outside(QStringLiteral("^$|[\\x00-\\x1f\\\\:]"));
    const QStringList parts = path.split(QLatin1Char('/'));
    return !outside.match(path).hasMatch() && !parts.contains(QString()) &&
           !parts.contains(QStringLiteral(".")) && !parts.contains(QStringLiteral(".."));
}

HubFile fileOf(const QJsonValue& row, const QString& repository)
{
    const QJsonValue large = row[QLatin1String("lfs")];
    const QJsonValue bytes =
        large.isObject() ? large[QLatin1String("size")] : row[QLatin1String("size")];
    HubFile file{.path = row[QLatin1String("rfilename")].toString(),
                 .bytes = bytes.toInteger(-1),
                 .sha256 = large[QLatin1String("sha256")].toString().toLatin1(),
                 .gitBlob = row[QLatin1String("blobId")].toString().toLatin1()};
    if (!isInside(file.path)) {
        static const QRegularExpression control(QStringLiteral("[\\x00-\\x1f]"));
        throw errorOf(
            QStringLiteral("%1: lists the file \"%2\", which would leave the model's "
                           "folder; nothing of it is downloaded")
                .arg(repository, QString(file.path).replace(control, QStringLiteral("?"))));
    }
    if (file.bytes < 0 || file.bytes > kLongestFile) {
        throw errorOf(QStringLiteral("%1: lists no possible length for %2; nothing of it is "
                                     "downloaded")
                          .arg(repository, file.path));
    }
    if (large.isObject() ? !isHex(file.sha256, 64) : !isHex(file.gitBlob, 40)) {
        throw errorOf(QStringLiteral("%1: lists no hash for %2, so that it could not be checked; "
                                     "nothing of it is downloaded")
                          .arg(repository, file.path));
    }
    return file;
}

QString licenceOf(const QJsonObject& page)
{
    const QJsonValue named = page[QLatin1String("cardData")][QLatin1String("license")];
    return named.isArray() ? named[0].toString() : named.toString();
}

} // namespace

HubRevision readHubRevision(const QByteArray& text, const QString& repository)
{
    const QJsonObject page = QJsonDocument::fromJson(text).object();
    HubRevision revision{.repository = repository,
                         .commit = page[QLatin1String("sha")].toString(),
                         .licence = licenceOf(page)};
    if (!isHex(revision.commit.toLatin1(), 40) || !page[QLatin1String("siblings")].isArray()) {
        throw errorOf(
            QStringLiteral("%1: the hub's answer is not a list of files; check HF_ENDPOINT "
                           "if it is set, else try again later")
                .arg(repository));
    }
    QSet<QString> paths;
    for (const auto& row : page[QLatin1String("siblings")].toArray()) {
        revision.files.append(fileOf(row, repository));
        if (paths.contains(revision.files.last().path)) {
            throw errorOf(QStringLiteral("%1: lists %2 twice; nothing of it is downloaded")
                              .arg(repository, revision.files.last().path));
        }
        paths.insert(revision.files.last().path);
    }
    return revision;
}

bool hasPromisedHash(const HubFile& file, const QString& path,
                     const std::function<void(qint64)>& onBlock)
{
    if (!file.sha256.isEmpty()) {
        return fileHash(path, QCryptographicHash::Sha256, {}, onBlock) == file.sha256;
    }
    const QByteArray before = "blob " + QByteArray::number(file.bytes) + '\0';
    return fileHash(path, QCryptographicHash::Sha1, before, onBlock) == file.gitBlob;
}

} // namespace tagalign::app
