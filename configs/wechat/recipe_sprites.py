# mmcomp run configs/wechat/recipe_sprites.py --set stages.data.source=SHEETS_DIR
# Clips of animated sprites with captions: frames through a small network into a feature store, both streams with and
# without pre-training, averages, fusion, boost. A few minutes. Three seeds: tools/benchmarks/sprites_ladder.py.
# Scores: tools/benchmarks/README.md. Weights: none.
title = 'Sprites: real frames with words, step by step'
custom_imports = dict(imports=['mmcomp.testing.proofs.sprites_stage'])
score = 'mmcomp.testing.proofs.sprites_ladder:SCORE'
leaves = [4, 4, 4, 4, 4, 1]
splits = ['labeled', 'unlabeled', 'test']
width, words, channels, epochs = 48, 192, 128, 16
bert = dict(name_or_path=None, config=dict(
    model_type='bert', vocab_size=words, hidden_size=width, num_hidden_layers=2, num_attention_heads=4,
    intermediate_size=96, max_position_embeddings=48))
frames = dict(in_channels=channels, out_channels=width)
decoder = dict(channels=width, num_layers=1, heads=4, ffn_channels=96)
head = dict(num_classes=21, in_channels=width)
single = dict(encoders=dict(text=bert, frames=frames), fusion=bert, head=head)
double = dict(encoders=dict(text=bert, frames=frames), fusion=decoder, head=head)
scratch = dict(init_cfg=None)
# A caption has some ten words.
masked = dict(type='MaskedLanguageModeling', in_channels=width, vocab_size=words, mask_id=4,
              special_ids=[0, 1, 2, 3, 4], probability=0.3)
single_tasks = dict(encoders=single['encoders'], fusion=bert, tasks=[
    masked, dict(type='MaskedFrameModeling', in_channels=width, probability=0.135, weight=1 / 3),
    dict(type='ImageTextMatching', in_channels=width)])
double_tasks = dict(encoders=double['encoders'], fusion=decoder, tasks=[
    dict(masked, alone=True, distill=True),
    dict(type='ContrastiveAlignment', in_channels=width, out_channels=width, queue_size=1024, temperature=0.07),
    dict(type='ImageTextMatching', in_channels=width, negatives='hard', part='frames', pooling='mean', logits=2)])
videos = dict(
    type='WeChatDataset', data_root='@data.root', leaves=leaves, feature_width=channels,
    tokenizer=dict(type='WordPiece', vocab='@data.vocab'), ann_file=[f'annotations/{split}.json' for split in splits],
    feature_zip=[f'@features[split={split}].features' for split in splits])
draw, look = dict(type='SampleFrames', max_frames=8, choice='random'), dict(type='SampleFrames', max_frames=8)
assemble, pack = dict(type='AssembleText', max_length=40), dict(type='PackModalities')
empty = dict(type='AssembleText', policy='quota', budgets=dict(title=0, asr=0, ocr=0))
train_set = dict(_delete_=True, pipeline=[draw, assemble, pack], **videos)
test_set = dict(_delete_=True, pipeline=[look, assemble, pack], **videos)
text_set = dict(test_set, pipeline=[assemble, dict(pack, modalities=['text'])])
frame_set = dict(test_set, pipeline=[look, empty, pack])
alone = dict(num_workers=0, persistent_workers=False)
plain = dict(
    train_dataloader=dict(dataset=train_set, **alone), val_dataloader=dict(dataset=test_set, **alone),
    test_dataloader=dict(dataset=test_set, **alone), val_evaluator=dict(leaves=leaves),
    test_evaluator=dict(leaves=leaves), custom_hooks=[],
    optim_wrapper=dict(optimizer=dict(lr=2e-3),
                       paramwise_cfg=dict(rates={r'^encoders\.text\.': 2e-3, r'^fusion\.': 2e-3})),
    param_scheduler=[
        dict(type='LinearLR', start_factor=1e-3, end=25, by_epoch=False),
        dict(type='PolyLR', power=1.0, eta_min=0.0, begin=25, end=200, by_epoch=False)],
    train_cfg=dict(max_iters=200, val_begin=100, val_interval=20),
    default_hooks=dict(checkpoint=dict(interval=20, save_begin=100, save_best=None)))
text_alone, frames_alone = (dict(plain, **{f'{part}_dataloader': dict(dataset=data, **alone)
                                           for part in ('train', 'val', 'test')}) for data in (text_set, frame_set))
text_model = dict(scratch, encoders=dict(_delete_=True, text=dict(bert, type='WordEmbeddings')),
                  fusion=dict(bert, order=['text']), head=head)
corpus = dict(label_key=None, pipeline=train_set['pipeline'], **videos)
pretraining = dict(
    train_dataloader=dict(dataset=dict(datasets=[
        dict(id_list='@data.unlabeled', **corpus), dict(id_list='@split.train', **corpus)]), **alone),
    optim_wrapper=dict(optimizer=dict(lr=2e-3)), train_cfg=dict(max_epochs=epochs),
    param_scheduler=[dict(type='LinearLR', start_factor=1e-3, end=20, by_epoch=False),
                     dict(type='PolyLR', power=1.0, eta_min=0.0, begin=0, end=epochs, by_epoch=True,
                          convert_to_iter_based=True)])
defaults = dict(Predict=dict(ann='@data.test'), Train=dict(ann='@inner.train'), Soup=dict(top=4, by='wechat/score'))
judged = dict(type='Train', val='@inner.val')
steps = {
    'words alone': '@test[model=text]', 'frames alone': '@test[model=visual]', 'single stream': '@test[model=single]',
    'double stream': '@test[model=double]', 'single, pre-trained': '@test[model=single_pre]',
    'double, pre-trained': '@test[model=double_pre]', 'single, mean of the best 4': '@test[model=single_soup]',
    'double, mean of the best 4': '@test[model=double_soup]', 'fused': '@fused', 'rare classes raised': '@boost'}
stages = dict(
    data=dict(type='Sprites', source='data/lpc_sprites', labeled=500, unlabeled=2400, test=1000, action=0.5,
              direction=0.5),
    split=dict(type='Split', ann='@data.labeled', folds=5, fold=0, seed=2022),
    inner=dict(type='Split', ann='@split.train', folds=8, fold=0, seed=2022),
    # What captions of unlabelled clips tell is all that the image network learns from.
    image_model=dict(type='Train', config='sprite-frames.py', ann=None, options=dict(train_dataloader=dict(dataset=dict(
        data_root='', ann_file='@data.frames', image_root='@data.images')))),
    features=dict(type='ExtractFeatures', config='sprite-features.py', ann='@data.{split}_rows',
                  frame_zips='@data.{split}_zips', weights='@image_model.weights', matrix=dict(split=splits)),
    text=dict(type='Train', config='single-fixed.py', options=dict(text_alone, model=text_model)),
    visual=dict(type='Train', config='single-fixed.py', options=dict(frames_alone, model=dict(single, **scratch))),
    single=dict(type='Train', config='single-fixed.py', options=dict(plain, model=dict(single, **scratch))),
    double=dict(type='Train', config='double-fixed.py', options=dict(plain, model=dict(double, **scratch))),
    single_pretrain=dict(type='Pretrain', config='single-pretrain.py', options=dict(model=single_tasks, **pretraining)),
    double_pretrain=dict(type='Pretrain', config='double-pretrain.py', options=dict(model=double_tasks, **pretraining)),
    single_pre=dict(judged, config='single-fixed.py', start='@single_pretrain.weights',
                    options=dict(plain, model=single)),
    double_pre=dict(judged, config='double-fixed.py', start='@double_pretrain.weights',
                    options=dict(plain, model=double)),
    single_soup=dict(type='Soup', model='@single_pre'), double_soup=dict(type='Soup', model='@double_pre'),
    test=dict(type='Predict', model='@{model}', matrix=dict(model=[
        'text', 'visual', 'single', 'double', 'single_pre', 'double_pre', 'single_soup', 'double_soup'])),
    val=dict(type='Predict', model='@{model}', ann='@split.val', matrix=dict(model=['single_soup', 'double_soup'])),
    weights=dict(type='Weigh', tables='@val', ann='@split.val', search='simplex', metric=score),
    fused_val=dict(type='Ensemble', tables='@val', shares='@weights'),
    fused=dict(type='Ensemble', tables=['@test[model=single_soup]', '@test[model=double_soup]'], shares='@weights'),
    boost=dict(type='Boost', table='@fused', ann='@split.train', judge='@fused_val', truth='@split.val', metric=score),
    submission=dict(type='WeChatResult', predictions='@boost', test='@data.test', leaves=leaves),
    score=dict(type='Score', truth='@data.truth', classes='@data.classes', metric=score, steps=steps),
    macro=dict(type='Score', truth='@data.truth', classes='@data.classes', metric='macro_f1', steps=steps))
