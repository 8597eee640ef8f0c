#include "app/jobs/Splits.h"

#include "db/ImageRepository.h"
#include "db/Statement.h"

#include <QHash>

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace tagalign::app {

namespace {

/// Sets that grow together (union-find); the first member stands for a set.
class Groups
{
public:
    explicit Groups(qsizetype items)
        : m_parents(items)
    {
        std::iota(m_parents.begin(), m_parents.end(), qsizetype(0));
    }

    void join(qsizetype one, qsizetype other)
    {
        const qsizetype a = rootOf(one);
        const qsizetype b = rootOf(other);
        m_parents[std::max(a, b)] = std::min(a, b);
    }

    [[nodiscard]] QList<qsizetype> roots()
    {
        for (qsizetype i = 0; i < m_parents.size(); ++i) {
            m_parents[i] = rootOf(i);
        }
        return m_parents;
    }

private:
    qsizetype rootOf(qsizetype item)
    {
        while (m_parents[item] != item) {
            m_parents[item] = m_parents[m_parents[item]];
            item = m_parents[item];
        }
        return item;
    }

    QList<qsizetype> m_parents;
};

void joinNearDuplicates(const QList<db::Image>& images, Groups& groups)
{
    // At most 6 differing bits leave at least two of the eight bytes equal, so comparing the
    // images that share a byte in the same place finds every pair.
    static_assert(kNearDuplicateBits < 8);
    QHash<quint32, QList<qsizetype>> byByte;
    for (qsizetype i = 0; i < images.size(); ++i) {
        const quint64 hash = images[i].perceptualHash;
        for (quint32 place = 0; place < 8; ++place) {
            QList<qsizetype>& bucket = byByte[place << 8U | quint32(hash >> (8 * place) & 0xFF)];
            for (const qsizetype other : bucket) {
                if (std::popcount(hash ^ images[other].perceptualHash) <= kNearDuplicateBits) {
                    groups.join(i, other);
                }
            }
            bucket.append(i);
        }
    }
}

void joinEqualCaptions(const CaptionTexts& captions, Groups& groups)
{
    QHash<QString, QList<qsizetype>> byText;
    for (qsizetype i = 0; i < captions.size(); ++i) {
        for (const QString& caption : captions[i]) {
            QList<qsizetype>& images = byText[normalizedCaption(caption)];
            if (images.isEmpty() || images.last() != i) {
                images.append(i);
            }
        }
    }
    byText.remove(QString());
    const double common = std::max(double(kCommonCaption), kCommonShare * double(captions.size()));
    for (const QList<qsizetype>& images : std::as_const(byText)) {
        if (double(images.size()) <= common) {
            for (const qsizetype image : images) {
                groups.join(images.first(), image);
            }
        }
    }
}

constexpr double kTrainEnd = 0.65;
constexpr double kValidationEnd = 0.75;

/// Chosen by the content's hash from the first `end` of [0, 1).
db::Split splitOf(const QString& sha256, double end)
{
    bool ok = false;
    const double place = end * double(sha256.left(8).toUInt(&ok, 16)) / 4294967296.0;
    return place < kTrainEnd        ? db::Split::Train
           : place < kValidationEnd ? db::Split::Validation
                                    : db::Split::Test;
}

} // namespace

QString normalizedCaption(const QString& text)
{
    QString words;
    for (const QChar letter : text.normalized(QString::NormalizationForm_KC).toCaseFolded()) {
        const bool isWord = letter.isLetterOrNumber() || letter.isMark() || letter.isSurrogate();
        words.append(isWord ? letter : QLatin1Char(' '));
    }
    return words.simplified();
}

QList<qsizetype> relatedGroups(const QList<db::Image>& images, const CaptionTexts& captions)
{
    Groups groups(images.size());
    joinNearDuplicates(images, groups);
    joinEqualCaptions(captions, groups);
    return groups.roots();
}

void assignSplits(const db::Database& database)
{
    db::ImageRepository repository(database.connection());
    const QList<db::Image> images = repository.images();
    CaptionTexts captions;
    const auto byImage = repository.captionsByImage();
    for (const db::Image& image : images) {
        captions.append(QStringList());
        for (const db::Caption& caption : byImage.value(image.id)) {
            captions.last().append(caption.text);
        }
    }
    const QList<qsizetype> groups = relatedGroups(images, captions);
    // What is too like something for testing is not trained on, whatever the data set says.
    QHash<qsizetype, db::Split> given;
    bool hasValidation = false;
    for (qsizetype i = 0; i < images.size(); ++i) {
        if (images[i].givenSplit) {
            db::Split& split = given[groups[i]];
            split = std::max(split, *images[i].givenSplit);
            hasValidation = hasValidation || *images[i].givenSplit == db::Split::Validation;
        }
    }
    const auto chosen = [&](qsizetype group) {
        const auto found = given.constFind(group);
        if (found == given.constEnd()) {
            return splitOf(images[group].sha256, 1.0);
        }
        return *found == db::Split::Train && !hasValidation
                   ? splitOf(images[group].sha256, kValidationEnd)
                   : *found;
    };
    db::Transaction transaction(database.connection());
    for (qsizetype i = 0; i < images.size(); ++i) {
        const db::Split split = chosen(groups[i]);
        if (split != images[i].split) {
            repository.setSplit(images[i].id, split);
        }
    }
    transaction.commit();
}

} // namespace tagalign::app
