#pragma once

#include <QDateTime>
#include <QString>
#include <QtGlobal>

#include <optional>

namespace tagalign::db {

enum class ImageId : qint64 {};
enum class CaptionId : qint64 {};
enum class ParseId : qint64 {};
enum class TagId : qint64 {};
enum class CandidateId : qint64 {};
enum class VerdictId : qint64 {};
enum class RunId : qint64 {};
enum class ParserRunId : qint64 {};

/// A tag on an image: what verdicts are about.
struct ImageTag
{
    ImageId image{};
    TagId tag{};

    friend bool operator==(const ImageTag&, const ImageTag&) = default;
};

enum class Split { Train, Validation, Test };
enum class TagKind { Object, Attribute };
enum class State { Pending, Accepted, Rejected, Unsure };
enum class Order { AsImported, MostDoubtful }; ///< of what is to be verified
enum class Mode { Single, Bulk };
enum class EnglishSource { Translated, Edited }; ///< by a dictionary, by a person
enum class RunStatus { Running, Done, Cancelled, Failed };

struct Image
{
    ImageId id{};
    QString path; ///< as stored: relative to the project folder, or absolute
    QString sha256;
    quint64 perceptualHash = 0;
    int width = 0; ///< pixels, upright
    int height = 0;
    Split split = Split::Train;
    std::optional<Split> givenSplit; ///< what the data set says, if anything
};

struct Caption
{
    CaptionId id{};
    ImageId image{};
    QString text;
    QString language;
};

struct Tag
{
    TagId id{};
    TagKind kind = TagKind::Object;
    QString lemma;
    QString display;
    double priority = 1.0; ///< > 0
    bool enabled = true;
    int images = 0;   ///< that carry it as a candidate
    int accepted = 0; ///< images
    int rejected = 0; ///< images
    QString english;  ///< equivalent of a tag in another language; empty: none is known
    EnglishSource englishSource = EnglishSource::Translated;
    QString tagClass; ///< of attributes: "colour", "material", ..; empty: not told yet

    /// What stands for it before an English text encoder.
    [[nodiscard]] const QString& inEnglish() const { return english.isEmpty() ? lemma : english; }
};

/// One tag read from one caption, before it has an id.
struct NewCandidate
{
    TagKind kind = TagKind::Object;
    QString lemma;
    QString display;
    int spanStart = 0; ///< bytes of the UTF-8 caption
    int spanLength = 0;
    int owner = -1; ///< position in the same list of the object it belongs to, or -1
    double confidence = 1.0;
    bool inferred = false; ///< not in the caption's own words
};

/// What a caption says is not there.
struct Absence
{
    QString lemma; ///< as an object's, with its own attributes
    QString display;
    int spanStart = 0; ///< bytes of the UTF-8 caption
    int spanLength = 0;
};

struct NewParse
{
    CaptionId caption{};
    ImageId image{};
    QString parser;
    QString parserVersion;
    double milliseconds = 0.0;
    QString promptVersion; ///< with request and answer: of language models
    QString request;
    QString answer;
    QList<NewCandidate> candidates;
    QList<Absence> absences;
};

/// One tag of one image as a person judges it: the most confident of its candidates.
struct Candidate
{
    CandidateId id{};
    ImageId image{};
    TagId tag{};
    TagKind kind = TagKind::Object;
    QString lemma;
    QString display;
    CaptionId caption{};
    int spanStart = 0;
    int spanLength = 0;
    QString owner; ///< display of the object an attribute belongs to; may be empty
    double confidence = 1.0;
    State state = State::Pending;
    bool inferred = false; ///< not in the caption's own words
    QString english;       ///< of the tag; empty: none
    EnglishSource englishSource = EnglishSource::Translated;
    QString ownerEnglish;              ///< of the object; empty: none
    std::optional<double> probability; ///< of being right, by all evidence; nothing: not known yet

    /// The probability, or else the parser's confidence.
    [[nodiscard]] double belief() const { return probability.value_or(confidence); }
};

struct Counts
{
    int images = 0;
    int captions = 0;
    int tags = 0;
    int candidates = 0; ///< image-tag pairs
    int accepted = 0;
    int rejected = 0;
    int unsure = 0;
};

struct Run
{
    RunId id{};
    QString name;
    QString folder;
    RunStatus status = RunStatus::Running;
    QString settings; ///< JSON
    QString snapshot; ///< JSON
    QString startedAt;
    QString finishedAt;
    QString message;
};

struct Metric
{
    QString name;
    QString kind;
    std::optional<TagId> tag;
    double before = 0.0;
    double after = 0.0;
    double low = 0.0; ///< 95 % interval of the difference
    double high = 0.0;
    int count = 0;
};

} // namespace tagalign::db
